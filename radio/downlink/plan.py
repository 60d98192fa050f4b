"""One transmitter, many windows: who transmits when."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from radio.downlink.window import AIRTIME_S, Window

# Rounding in sums of seconds must not make two neighbours overlap.
_ROUNDING_S: Final = 1e-6


@dataclass(frozen=True, slots=True)
class Want:
    """A wish for one transmission.

    Attributes:
        key: Whose.
        window: When it would be heard.
        priority: The higher goes first.
        arrival: Rising from wish to wish; among equals the older goes first.
    """

    key: str
    window: Window
    priority: int
    arrival: int


def plan(wants: Sequence[Want], *, from_s: float, gap_s: float) -> dict[str, float]:
    """Starts of all that can be placed, none before `from_s`, each `gap_s` from its neighbours.

    A higher priority never yields to a lower one. Among equals the order of arrival decides, unless
    the order of closing windows places more of them.
    """
    by_arrival = _placed(sorted(wants, key=lambda one: (-one.priority, one.arrival)), from_s, gap_s)
    if len(by_arrival) == len(wants):
        return by_arrival
    by_closing = _placed(
        sorted(wants, key=lambda one: (-one.priority, one.window.latest_s)), from_s, gap_s
    )
    return max(by_arrival, by_closing, key=lambda starts: _worth(wants, starts))


def _worth(wants: Sequence[Want], starts: dict[str, float]) -> list[int]:
    """How many of each priority are placed, the highest priority first."""
    levels = sorted({one.priority for one in wants}, reverse=True)
    return [sum(one.priority == level and one.key in starts for one in wants) for level in levels]


def _placed(wants: Iterable[Want], from_s: float, gap_s: float) -> dict[str, float]:
    starts: dict[str, float] = {}
    for want in wants:
        start_s = _place(want.window, starts.values(), from_s, gap_s)
        if start_s is not None:
            starts[want.key] = start_s
    return starts


def _place(window: Window, taken: Iterable[float], from_s: float, gap_s: float) -> float | None:
    """The free start nearest to the aim."""
    spacing_s = AIRTIME_S + gap_s
    earliest_s = max(window.earliest_s, from_s)
    starts = list(taken)
    beside = [start_s + side for start_s in starts for side in (-spacing_s, spacing_s)]
    free = [
        place_s
        for place_s in (max(window.aim_s, earliest_s), earliest_s, *beside)
        if earliest_s <= place_s <= window.latest_s
        and all(abs(place_s - start_s) >= spacing_s - _ROUNDING_S for start_s in starts)
    ]
    return min(free, key=lambda place_s: abs(place_s - window.aim_s), default=None)
