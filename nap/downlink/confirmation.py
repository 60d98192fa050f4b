"""Which uplink confirms which downlink."""

from __future__ import annotations

from typing import Final

from radio.events import FrameHeard
from radio.sigfox.control import parse_control

CONFIRMATION: Final = "downlink_confirmation"
EARLIEST_S: Final = 1.4
LATEST_S: Final = 4.0
"""After the end of the downlink, a device begins to send its confirmation."""
MARGIN_S: Final = 0.5
_COUNTERS: Final = (128, 256, 512, 1024, 2048, 4096)
"""Sequence numbers count modulo one of these, each device its own."""


def confirms(frame: FrameHeard, device_id: str, seq_number: int, ended_s: float) -> bool:
    """Whether `frame` confirms the answer to that uplink, sent until `ended_s` of the stream."""
    after_s = frame.offset_s - ended_s
    return (
        frame.message_type == CONFIRMATION
        and frame.device_id == device_id
        and _follows(frame.seq_number, seq_number)
        and EARLIEST_S - MARGIN_S <= after_s <= LATEST_S + MARGIN_S
    )


def device_rssi_dbm(frame: FrameHeard) -> float | None:
    """The level at which the device says that it heard the downlink."""
    fields = parse_control(bytes.fromhex(frame.payload))
    return None if fields is None or fields.rssi_dbm is None else float(fields.rssi_dbm)


def _follows(later: int, earlier: int) -> bool:
    return later == earlier + 1 or (later == 0 and earlier + 1 in _COUNTERS)
