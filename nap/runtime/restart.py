"""How long to wait before a service that failed starts again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RestartPolicy:
    """Full jitter under a ceiling that doubles, and falls back after a stable time.

    Attributes:
        uniform: Draws from 0 to 1.
    """

    uniform: Callable[[], float]
    first_s: float = 1.0
    longest_s: float = 60.0
    stable_s: float = 60.0


class Restarts:
    """The delays of one service."""

    def __init__(self, policy: RestartPolicy) -> None:
        self._policy = policy
        self._ceiling_s = policy.first_s

    def after(self, lasted_s: float) -> float:
        """The delay after a run that failed and had lasted so long."""
        policy = self._policy
        if lasted_s >= policy.stable_s:
            self._ceiling_s = policy.first_s
        delay_s = policy.uniform() * self._ceiling_s
        self._ceiling_s = min(2 * self._ceiling_s, policy.longest_s)
        return delay_s
