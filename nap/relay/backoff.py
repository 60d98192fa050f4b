"""How long to wait before the next attempt: full jitter, so that a fleet does not come as one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

FIRST_S: Final = 1.0
LONGEST_S: Final = 300.0
# A session that worked this long was no accident; the next failure starts from the beginning.
STABLE_S: Final = 60.0


class Backoff:
    """Delays drawn evenly from 0 to a ceiling of 1, 2, 4 … 300 s."""

    def __init__(self, uniform: Callable[[], float]) -> None:
        """`uniform` draws from 0 to 1."""
        self._uniform = uniform
        self._ceiling_s = FIRST_S

    def next_delay_s(self, *, at_least_s: float = 0.0) -> float:
        """The delay before the next attempt; `at_least_s` is what the other side asked for."""
        delay_s = self._uniform() * self._ceiling_s
        self._ceiling_s = min(2 * self._ceiling_s, LONGEST_S)
        # What the other side asks for gets the jitter on top: it asks everybody the same.
        return at_least_s + delay_s

    def ended(self, lasted_s: float, *, useful: bool) -> None:
        """Start from the beginning if a session lasted long enough and something got through."""
        if useful and lasted_s >= STABLE_S:
            self._ceiling_s = FIRST_S
