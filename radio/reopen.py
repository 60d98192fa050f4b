"""How long to wait before a front end that failed is opened again."""

from __future__ import annotations

from typing import Final

import numpy as np

FIRST_DELAY_S: Final = 0.5
LONGEST_DELAY_S: Final = 30.0
SETTLED_S: Final = 10.0
"""A stream that lasted this long counts as a success: the next failure is a new one."""


class ReopenDelay:
    """Delays that double from failure to failure, each shortened by chance by up to a half."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng
        self._next_s = FIRST_DELAY_S

    def after(self, lasted_s: float) -> float:
        """The delay after a stream that lasted `lasted_s` (0 where it never opened)."""
        if lasted_s >= SETTLED_S:
            self._next_s = FIRST_DELAY_S
        delay_s = self._next_s * float(self._rng.uniform(0.5, 1))
        self._next_s = min(2 * self._next_s, LONGEST_DELAY_S)
        return delay_s
