"""A token bucket: so many per second on average, a quarter of a second's worth at once."""

from __future__ import annotations

from typing import Final

# Waking up for each single token would cost more than sending; this is still smooth on a link.
TURN_S: Final = 0.05
BURST_S: Final = 0.25


class TokenBucket:
    """One token lets one record go."""

    def __init__(self, per_s: float, now: float) -> None:
        self._per_s = per_s
        self._most = max(1.0, per_s * BURST_S)
        self._tokens = self._most
        self._at = now

    def available(self, now: float) -> int:
        """How many may go now."""
        self._tokens = min(self._most, self._tokens + (now - self._at) * self._per_s)
        self._at = now
        # Rounding must not make a token that is due wait for another round.
        return max(0, int(self._tokens + 1e-6))

    def spend(self) -> None:
        """One goes."""
        self._tokens -= 1

    def next_at(self, now: float) -> float:
        """When enough tokens for a turn are there; `now` or later."""
        wanted = max(1.0, self._per_s * TURN_S)
        return now + max(0.0, (wanted - self._tokens) / self._per_s)
