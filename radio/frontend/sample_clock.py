"""Placing samples in time by when they arrive, and finding those that never did.

Samples arrive late, by network and buffers, but never early. So the earliest arrivals show the
clock of the samples. When for a while even the earliest come later than before, samples are
missing: the stream is shorter than the time that it took.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Final

# A delay that lasts longer than this is a loss; a shorter one catches up.
PROOF_S: Final = 3.0
# Below, it may be a slow clock or a slow network; a frame at 600 bps has a symbol of 1.7 ms.
SMALLEST_LOSS_S: Final = 0.05
# Cheap oscillators are off by up to 100 ppm, and so may be the clock of this board.
_CLOCK_PPM: Final = 200.0


@dataclass(frozen=True, slots=True)
class Placed:
    """Where a run of samples belongs.

    Attributes:
        first_sample: Index of its first sample, lost ones counted in.
        lost_before: Samples found missing just now.
        captured_at: Monotonic time of its first sample, s.
    """

    first_sample: int
    lost_before: int
    captured_at: float


class SampleClock:
    """Follows a stream of samples of a known rate."""

    def __init__(self, rate_hz: float, now: float) -> None:
        """The stream starts at `now` (monotonic seconds)."""
        self._rate_hz = rate_hz
        self._count = 0
        self._starts_at = now
        self._checked_at = now
        self._recent: deque[tuple[float, float]] = deque()

    def receive(self, count: int, now: float) -> Placed:
        """Take `count` samples that arrived at `now`."""
        arrived_s = now - (self._count + count) / self._rate_hz
        lost = self._lost(arrived_s, now)
        first = self._count + lost
        self._count = first + count
        return Placed(first, lost, self._starts_at + first / self._rate_hz)

    def _lost(self, start_at: float, now: float) -> int:
        """Samples missing, where the stream seems to have started at `start_at`."""
        self._starts_at += 1e-6 * _CLOCK_PPM * (now - self._checked_at)
        self._checked_at = now
        self._starts_at = min(self._starts_at, start_at)
        self._recent.append((now, start_at))
        while self._recent[0][0] < now - PROOF_S:
            self._recent.popleft()
        earliest_at = min(start for _, start in self._recent)
        missing_s = earliest_at - self._starts_at
        proven = now - self._recent[0][0] > 0.9 * PROOF_S
        return round(missing_s * self._rate_hz) if proven and missing_s >= SMALLEST_LOSS_S else 0
