"""What the receiver told of a recording, as places in time and frequency with words to them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import msgspec
import numpy as np

from radio.dsp.report import Decoded, Undecoded
from radio.sigfox.frame_type import CRC_BITS, HEADER_BITS

# What did not decode has no length that one could trust: shown as long as the shortest frame.
_SHORTEST_BITS: Final = 112
MOST_BURSTS: Final = 20_000
"""A day of a busy channel. More would be a picture of boxes; they are counted."""


class Burst(msgspec.Struct, frozen=True, kw_only=True):
    """A frame, or what looked like one.

    Attributes:
        device_id: 8 hex digits; None where it did not decode, as are number and rank.
        reason: Why it did not decode; None where it did.
        combined: Only several frames of the message together decoded.
        ends_s: Where it did not decode: of a frame as short as they come.
    """

    device_id: str | None = None
    seq_number: int | None = None
    rank: int | None = None
    reason: str | None = None
    combined: bool = False
    bit_rate: int
    begins_s: float
    ends_s: float
    frequency_hz: float
    snr_db: float

    @property
    def label(self) -> str:
        """A few words for the picture."""
        if self.device_id is None:
            return f"{self.reason} {self.snr_db:.1f} dB"
        joined = " joined" if self.combined else ""
        return f"{self.device_id} #{self.seq_number} r{self.rank} {self.snr_db:.1f} dB{joined}"


class Bursts:
    """The bursts of a recording, as many as a picture can hold.

    Attributes:
        more: How many were left out.
    """

    def __init__(self) -> None:
        self._all: list[Burst] = []
        self.more = 0

    def __len__(self) -> int:
        return len(self._all)

    def add(self, events: Iterable[Decoded | Undecoded]) -> None:
        """Take what the receiver reported."""
        for event in events:
            if len(self._all) < MOST_BURSTS:
                self._all.append(_burst(event))
            else:
                self.more += 1

    def earliest_first(self) -> list[Burst]:
        """All but those that failed where a frame was decoded: one and the same signal."""
        frames = [burst for burst in self._all if burst.device_id is not None]
        begins_s, ends_s, frequency_hz, bit_rate = (
            np.array([(f.begins_s, f.ends_s, f.frequency_hz, f.bit_rate) for f in frames])
            .reshape(-1, 4)
            .T
        )
        kept = [
            burst
            for burst in self._all
            if burst.device_id is not None
            or not np.any(
                (burst.begins_s < ends_s)
                & (burst.ends_s > begins_s)
                & (np.abs(burst.frequency_hz - frequency_hz) < np.maximum(bit_rate, burst.bit_rate))
            )
        ]
        return sorted(kept, key=lambda burst: burst.begins_s)


def _burst(event: Decoded | Undecoded) -> Burst:
    if isinstance(event, Undecoded):
        return Burst(
            reason=event.reason.value,
            bit_rate=event.bit_rate,
            begins_s=event.start_s,
            ends_s=event.start_s + _SHORTEST_BITS / event.bit_rate,
            frequency_hz=event.frequency_hz,
            snr_db=event.snr_db,
        )
    frame = event.frame
    bits = HEADER_BITS + 8 * len(frame.packet) + CRC_BITS
    return Burst(
        device_id=f"{frame.uplink.device_id:08x}",
        seq_number=frame.uplink.seq_number,
        rank=frame.rank,
        combined=event.combined,
        bit_rate=event.bit_rate,
        begins_s=event.start_s,
        ends_s=event.start_s + bits / event.bit_rate,
        frequency_hz=event.frequency_hz,
        snr_db=event.snr_db,
    )
