"""Frames as the radio worker would tell of them."""

from __future__ import annotations

import msgspec

from radio.events import FrameHeard

_FRAME = FrameHeard(
    number=1, device_id="0123abcd", seq_number=7, payload="cafe", message_type="bytes", rank=1,
    bidirectional=False, repeated=False, packet="00070123abcdcafe1122", bit_rate=100, offset_s=0.0,
    received_utc=None, frequency_hz=868_130_000.0, drift_hz_per_s=0.0, snr_db=20.0, rssi_dbm=None,
    frame_type_errors=0, combined=False,
)  # fmt: skip


def frame(number: int = 1, **changes: object) -> FrameHeard:
    """A frame; the packet follows device, counter and payload unless given."""
    made = msgspec.structs.replace(_FRAME, number=number, **changes)
    if "packet" in changes:
        return made
    packet = f"{made.seq_number:04x}{made.device_id}{made.payload}1122"
    return msgspec.structs.replace(made, packet=packet)
