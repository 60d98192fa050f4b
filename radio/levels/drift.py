"""What the drifts of many frames have in common is our own; the rest is that of the devices."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from statistics import median
from typing import Final

_MOST: Final = 1000


@dataclass(frozen=True, slots=True)
class Drifts:
    """Drifts of the frames of some time.

    Attributes:
        frames: How many; of more than a thousand the newest.
        common_hz_per_s: Median of all; None of none.
        usual_hz_per_s: Median distance from that.
    """

    frames: int
    common_hz_per_s: float | None
    usual_hz_per_s: float | None


class DriftMeter:
    """Collects drifts."""

    def __init__(self) -> None:
        self._drifts: deque[float] = deque(maxlen=_MOST)

    def heard(self, drift_hz_per_s: float) -> None:
        """A frame drifted so."""
        self._drifts.append(drift_hz_per_s)

    def take(self) -> Drifts:
        """What was heard since the last call."""
        drifts = list(self._drifts)
        self._drifts.clear()
        if not drifts:
            return Drifts(0, None, None)
        common = median(drifts)
        return Drifts(len(drifts), common, median(abs(drift - common) for drift in drifts))
