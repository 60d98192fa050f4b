"""The ledger of airtime: what was transmitted in the last hour, over restarts and reboots.

Time is that of a clock which only rises while the machine runs and which nobody sets. A wall clock
would give airtime back whenever somebody moves it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from radio.downlink.regulation import PERIOD_S, RULES, Rule

BUCKET_S: Final = 60.0
"""Transmissions that begin within this time leave the hour together, with the last of them."""


@dataclass(frozen=True, slots=True)
class Spent:
    """Airtime used in a short stretch.

    Attributes:
        first_s: Start of the first transmission in it.
        last_s: End of the last one.
        airtime_s: Of all together.
    """

    first_s: float
    last_s: float
    airtime_s: float


class AirtimeLedger:
    """Airtime by zone, over any hour. Never forgets too early; bounded to an hour of buckets."""

    def __init__(self, spent: Mapping[str, Iterable[Spent]] | None = None) -> None:
        self._spent = {zone: list(entries) for zone, entries in (spent or {}).items()}

    @classmethod
    def exhausted(cls, now: float) -> AirtimeLedger:
        """Nothing is known of the past: an hour must pass before anything is transmitted."""
        return cls({zone: [Spent(now, now, PERIOD_S)] for zone in RULES})

    def shifted(self, seconds: float) -> AirtimeLedger:
        """The same airtime, told on a clock that shows `seconds` more."""
        return AirtimeLedger(
            {
                zone: [
                    replace(one, first_s=one.first_s + seconds, last_s=one.last_s + seconds)
                    for one in entries
                ]
                for zone, entries in self._spent.items()
            }
        )

    def left_s(self, zone: str, rule: Rule, now: float) -> float:
        """Airtime that `rule` still allows at `now`."""
        self._forget(now)
        used_s = sum(one.airtime_s for one in self._spent.get(zone, ()))
        return max(rule.airtime_s - used_s, 0.0)

    def last_ended(self, zone: str) -> float:
        """When the newest transmission ended; long ago where none is known."""
        return max((one.last_s for one in self._spent.get(zone, ())), default=-math.inf)

    def book(self, zone: str, begins: float, airtime_s: float) -> None:
        """A transmission is going to begin; what is booked stays, whatever becomes of it."""
        entries = self._spent.setdefault(zone, [])
        ends = begins + airtime_s
        newest = entries[-1] if entries else None
        if newest is not None and 0 <= begins - newest.first_s < BUCKET_S:
            last_s = max(newest.last_s, ends)
            entries[-1] = Spent(newest.first_s, last_s, newest.airtime_s + airtime_s)
        else:
            entries.append(Spent(begins, ends, airtime_s))

    def spent(self, now: float) -> dict[str, Sequence[Spent]]:
        """What still counts at `now`, to be kept."""
        self._forget(now)
        return {zone: tuple(entries) for zone, entries in self._spent.items() if entries}

    def _forget(self, now: float) -> None:
        for entries in self._spent.values():
            entries[:] = [one for one in entries if one.last_s > now - PERIOD_S]
