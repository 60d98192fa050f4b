"""Where things stand in the picture: frequency to the right, time downwards.

+--------------------------------------+
| title                                |
|        868.04   868.06   868.08  MHz |
|  0 s  +----------------------------+ |
|       |                            | |
| 10 s  |                            | |
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from nap.waterfall.bursts import Burst

LEFT_PX: Final = 76
TOP_PX: Final = 64
RIGHT_PX: Final = 24
BOTTOM_PX: Final = 34
_LEAST_HALF_PX: Final = 5
_STEPS: Final = (1, 2, 5)
_TICK_EVERY_PX: Final = 110

Box = tuple[int, int, int, int]
"""Left, top, right, bottom, in pixels of the picture, all inside."""


@dataclass(frozen=True, slots=True)
class Plot:
    """The place of the spectrogram and what it spans.

    Attributes:
        width_px: Of the spectrogram alone, as is the height.
    """

    width_px: int
    height_px: int
    low_hz: float
    high_hz: float
    begins_s: float
    ends_s: float

    @property
    def size_px(self) -> tuple[int, int]:
        """Of the whole picture."""
        return LEFT_PX + self.width_px + RIGHT_PX, TOP_PX + self.height_px + BOTTOM_PX

    @property
    def inside(self) -> Box:
        """The spectrogram's own pixels."""
        return LEFT_PX, TOP_PX, LEFT_PX + self.width_px - 1, TOP_PX + self.height_px - 1

    def x_px(self, frequency_hz: float) -> float:
        """Column of a frequency."""
        part = (frequency_hz - self.low_hz) / (self.high_hz - self.low_hz)
        return LEFT_PX + part * self.width_px

    def y_px(self, at_s: float) -> float:
        """Row of a time."""
        part = (at_s - self.begins_s) / (self.ends_s - self.begins_s)
        return TOP_PX + part * self.height_px

    def box(self, burst: Burst) -> Box | None:
        """Around a burst, with some air at its sides; None where it lies outside."""
        left, top, right, bottom = self.inside
        half_px = self.width_px * burst.bit_rate / (self.high_hz - self.low_hz)
        half = max(_LEAST_HALF_PX, math.ceil(half_px))
        x = round(self.x_px(burst.frequency_hz))
        first, last = round(self.y_px(burst.begins_s)), round(self.y_px(burst.ends_s))
        if x < left or x > right or last < top or first > bottom:
            return None
        return max(left, x - half), max(top, first), min(right, x + half), min(bottom, last)

    def frequency_ticks(self) -> Iterator[tuple[int, float]]:
        """Pixel and Hz of round frequencies."""
        for value in _round_values(self.low_hz, self.high_hz, self.width_px):
            yield round(self.x_px(value)), value

    def time_ticks(self) -> Iterator[tuple[int, float]]:
        """Pixel and s of round times."""
        for value in _round_values(self.begins_s, self.ends_s, self.height_px):
            yield round(self.y_px(value)), value


def _round_values(low: float, high: float, pixels: int) -> Iterator[float]:
    wanted = (high - low) / max(1, pixels / _TICK_EVERY_PX)
    decade = 10.0 ** math.floor(math.log10(wanted))
    step = next((s * decade for s in _STEPS if s * decade >= wanted), 10 * decade)
    for number in range(math.ceil(low / step), math.floor(high / step) + 1):
        yield number * step
