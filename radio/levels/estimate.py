"""By how much the front end's oscillator is wrong, with how much that can be trusted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

CERTAIN_PPM: Final = 1.0
"""An estimate that may be off by more is shown but should not be set as a correction."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """One way's answer.

    Attributes:
        ppm: + the oscillator is fast: carriers read too low, and samples come too fast.
        uncertainty_ppm: The true value lies within ± this, mostly.
        count: How many observations it rests on.
    """

    ppm: float
    uncertainty_ppm: float
    count: int

    @property
    def certain(self) -> bool:
        """Good enough to correct by."""
        return self.uncertainty_ppm <= CERTAIN_PPM
