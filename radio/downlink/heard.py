"""The uplinks that may still be answered, as this receiver heard them."""

from __future__ import annotations

from typing import Final

from radio.downlink.window import Window, window_of
from radio.events import FrameHeard
from radio.sigfox.frame_type import HEADER_BITS
from radio.sigfox.zones import Zone

REMEMBER_S: Final = 75.0
"""Longer than any window is open after any frame."""
LIMIT: Final = 4_096
"""More than a zone can carry in that time; a flood of forged ids costs the oldest."""
_CRC_BITS: Final = 16
_LONGEST_MESSAGE_S: Final = 20.0


class HeardUplinks:
    """Keeps one frame of each message that asked: the one of the lowest rank, the first heard.

    What comes later under the same id and number is no part of the message (somebody replays it)
    and must not move its window.
    """

    def __init__(self, zone: Zone) -> None:
        self._zone = zone
        self._frames: dict[tuple[str, int], FrameHeard] = {}

    def receive(self, frame: FrameHeard) -> None:
        """Take a frame; those that ask for nothing are passed over."""
        if not frame.bidirectional:
            return
        self._forget(frame.offset_s)
        key = (frame.device_id, frame.seq_number)
        known = self._frames.get(key)
        if known is None or _better(frame, known):
            self._frames[key] = frame
        if len(self._frames) > LIMIT:
            del self._frames[next(iter(self._frames))]

    def window(self, device_id: str, seq_number: int, now_s: float) -> Window | None:
        """When and where the sender listens; None when it was not heard lately."""
        self._forget(now_s)
        frame = self._frames.get((device_id, seq_number))
        if frame is None:
            return None
        frame_s = _frame_s(frame)
        return window_of(
            self._zone,
            rank=frame.rank,
            ends_s=frame.offset_s + frame_s,
            frame_s=frame_s,
            frequency_hz=frame.frequency_hz,
        )

    def clear(self) -> None:
        """Another stream begins, with a clock of its own."""
        self._frames.clear()

    def _forget(self, now_s: float) -> None:
        """Drop what nobody listens for any more: numbers come again, some after 128 messages."""
        while self._frames:
            oldest = next(iter(self._frames))
            if self._frames[oldest].offset_s >= now_s - REMEMBER_S:
                return
            del self._frames[oldest]


def _better(frame: FrameHeard, known: FrameHeard) -> bool:
    together = abs(frame.offset_s - known.offset_s) < _LONGEST_MESSAGE_S
    return together and frame.rank < known.rank


def _frame_s(frame: FrameHeard) -> float:
    return (HEADER_BITS + 4 * len(frame.packet) + _CRC_BITS) / frame.bit_rate
