"""What a receiver tells of frames on the simulated air, with or without receiving them."""

from __future__ import annotations

import numpy as np

from radio.air.device import Transmission
from radio.dsp.report import Decoded
from radio.events import FrameHeard
from radio.sigfox.uplink import UplinkFrame, decode_uplink

simulated = True


def heard(sent: Transmission, rng: np.random.Generator | None = None) -> FrameHeard:
    """`sent` as measured, with the errors of a good receiver if there is an `rng`."""
    frame = decode_uplink(sent.burst.bits)
    assert isinstance(frame, UplinkFrame)
    error_s, error_hz = (0.0, 0.0) if rng is None else (rng.normal(0, 5e-4), rng.normal(0, 0.5))
    return _told(
        frame,
        bit_rate=sent.bit_rate,
        offset_s=sent.burst.first_bit_s + error_s,
        frequency_hz=sent.frequency_hz + error_hz,
        snr_db=sent.snr_db,
    )


def received(decoded: Decoded, begins_s: float) -> FrameHeard:
    """A frame that a receiver decoded from samples that begin at `begins_s`."""
    return _told(
        decoded.frame,
        bit_rate=decoded.bit_rate,
        offset_s=begins_s + decoded.start_s,
        frequency_hz=decoded.frequency_hz,
        snr_db=decoded.snr_db,
    )


def _told(
    frame: UplinkFrame, *, bit_rate: int, offset_s: float, frequency_hz: float, snr_db: float
) -> FrameHeard:
    uplink = frame.uplink
    return FrameHeard(
        number=1,
        device_id=f"{uplink.device_id:08x}",
        seq_number=uplink.seq_number,
        payload=uplink.payload.hex(),
        message_type=uplink.message_type,
        rank=frame.rank,
        bidirectional=uplink.bidirectional,
        repeated=uplink.repeated,
        packet=frame.packet.hex(),
        bit_rate=bit_rate,
        offset_s=offset_s,
        received_utc=None,
        frequency_hz=frequency_hz,
        drift_hz_per_s=0.0,
        snr_db=snr_db,
        rssi_dbm=None,
        frame_type_errors=0,
        combined=False,
    )
