"""How long an outage still fits into the room that is left."""

from __future__ import annotations

import math
from typing import Final

_MEMORY_S: Final = 6 * 3600.0
"""Time constant of the rate: long enough to bridge quiet hours, short enough to follow a day."""


class Forecast:
    """Bytes an hour, remembered with exponentially fading weight."""

    def __init__(self, now: float) -> None:
        self._began_at = now
        self._updated_at = now
        self._faded_bytes = 0.0

    def feed(self, size: int, now: float) -> None:
        """Note that `size` bytes were put at `now` (monotonic seconds, never falling)."""
        self._fade(now)
        self._faded_bytes += size

    def bytes_per_hour(self, now: float) -> float:
        """The present rate; right from the first minutes, when little history exists."""
        self._fade(now)
        seen_s = max(now - self._began_at, 60.0)
        weight_s = _MEMORY_S * -math.expm1(-seen_s / _MEMORY_S)
        return self._faded_bytes / weight_s * 3600.0

    def hours_left(self, free_bytes: int, now: float) -> float | None:
        """Hours until `free_bytes` are full at the present rate; None while nothing comes."""
        rate = self.bytes_per_hour(now)
        return max(free_bytes, 0) / rate if rate >= 1.0 else None

    def _fade(self, now: float) -> None:
        self._faded_bytes *= math.exp(-max(now - self._updated_at, 0.0) / _MEMORY_S)
        self._updated_at = max(now, self._updated_at)
