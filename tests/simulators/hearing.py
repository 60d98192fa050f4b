"""What a receiver would tell of frames on the simulated air, without receiving them."""

from __future__ import annotations

import numpy as np

from radio.air.device import Transmission
from radio.events import FrameHeard
from radio.sigfox.uplink import UplinkFrame, decode_uplink

simulated = True


def heard(sent: Transmission, rng: np.random.Generator | None = None) -> FrameHeard:
    """`sent` as measured, with the errors of a good receiver if there is an `rng`."""
    frame = decode_uplink(sent.burst.bits)
    assert isinstance(frame, UplinkFrame)
    error_s, error_hz = (0.0, 0.0) if rng is None else (rng.normal(0, 5e-4), rng.normal(0, 0.5))
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
        bit_rate=sent.bit_rate,
        offset_s=sent.burst.first_bit_s + error_s,
        received_utc=None,
        frequency_hz=sent.frequency_hz + error_hz,
        drift_hz_per_s=0.0,
        snr_db=sent.snr_db,
        rssi_dbm=None,
        frame_type_errors=0,
        combined=False,
    )
