"""Which services still make progress, and since when one does not: for watchdog and status."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class _Beat:
    limit_s: float
    last_at: float
    down: str | None = None


class Pulse:
    """The last beat of every service. Time is an argument (monotonic seconds)."""

    def __init__(self) -> None:
        self._beats: dict[str, _Beat] = {}

    def join(self, name: str, quiet_limit_s: float, now: float) -> None:
        """A service starts; the start counts as a beat."""
        self._beats[name] = _Beat(quiet_limit_s, now)

    def leave(self, name: str) -> None:
        """A service ended as asked: nothing is expected of it any more."""
        self._beats.pop(name, None)

    def beat(self, name: str, now: float) -> None:
        """A service made progress, or had none to make."""
        beat = self._beats[name]
        beat.last_at, beat.down = now, None

    def fell(self, name: str, reason: str, again_at: float) -> None:
        """A service failed and starts again at `again_at`: it is waiting, not hung."""
        beat = self._beats[name]
        beat.last_at, beat.down = again_at, reason

    def hung(self, now: float) -> list[str]:
        """Services that were quiet for longer than they may."""
        return [name for name, b in self._beats.items() if now - b.last_at > b.limit_s]

    def down(self) -> dict[str, str]:
        """Services that failed and made no progress since, with the reason."""
        return {name: b.down for name, b in self._beats.items() if b.down is not None}

    def shortest_limit_s(self) -> float:
        """The least time in which any service has to beat."""
        return min((b.limit_s for b in self._beats.values()), default=60.0)
