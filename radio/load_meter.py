"""How much of the processor the samples take."""

from __future__ import annotations

from typing import Final

STATS_EVERY_S: Final = 1.0


class LoadMeter:
    """When to report, and how much of the processor the samples since the last report took."""

    def __init__(self) -> None:
        self._due_at = self._cpu_s = self._samples_s = 0.0

    def begin(self, now: float, cpu_s: float, samples_s: float) -> None:
        """A stream begins: what was spent before, on starting or on waiting, is not its load."""
        self._due_at = now + STATS_EVERY_S
        self._cpu_s, self._samples_s = cpu_s, samples_s

    def due(self, now: float) -> bool:
        """True once every `STATS_EVERY_S`."""
        if now < self._due_at:
            return False
        self._due_at = now + STATS_EVERY_S
        return True

    def load(self, cpu_s: float, samples_s: float) -> float:
        """CPU time over sample time since the last call; both count from the start."""
        cpu_used_s, heard_s = cpu_s - self._cpu_s, samples_s - self._samples_s
        self._cpu_s, self._samples_s = cpu_s, samples_s
        return cpu_used_s / heard_s if heard_s > 0 else 0.0
