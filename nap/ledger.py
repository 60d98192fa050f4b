"""What became of every frame: counted where it is heard, counted where it ends, and compared.

    heard = filtered + over quota + duplicate + lost + submitted           (checked here)
    submitted = in hand + spooled                                          (spool's own count)
    spooled = delivered + refused + expired + lost + skipped + waiting     (for each destination)

`heard` follows the numbers that the radio worker gives its frames; each end state is counted by
the stage that ends a frame. Neither is computed from the other, so that the sum can fail.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Self


@dataclass(slots=True)
class Ledger:
    """The counts of a box since it was new, and today's use of the quota.

    Attributes:
        heard: Frames decoded.
        filtered: Dropped by the whitelist.
        over_quota: Not relayed because the quota of the day was used up.
        duplicate: Later replicas; they travel as metadata of their message.
        lost: Before the spool had them: on the pipe, in memory at a kill, or the disk hung.
        submitted: Uplinks given to the spool.
        quota_day: Day of `quota_used`, as proleptic ordinal.
        quota_used: Messages relayed on that day.
    """

    heard: int = 0
    filtered: int = 0
    over_quota: int = 0
    duplicate: int = 0
    lost: int = 0
    submitted: int = 0
    quota_day: int = 0
    quota_used: int = 0

    @classmethod
    def from_values(cls, values: dict[str, int]) -> Self:
        """Read back what `values` gave; what is missing counts from zero."""
        return cls(**{name: values.get(name, 0) for name in cls.__slots__})

    def values(self) -> dict[str, int]:
        """All counts by name."""
        return asdict(self)

    def resume(self, spooled: int) -> None:
        """Go on after a restart, given the uplinks that the spool really has.

        What was heard and is in no end state was in memory when the last process died: lost.
        """
        self.submitted = spooled
        missing = self.heard - self.ended()
        self.lost += max(missing, 0)
        self.heard -= min(missing, 0)  # a power cut took newer counts than the spool's

    def ended(self) -> int:
        """Frames whose end, or place in the spool, is known."""
        return self.filtered + self.over_quota + self.duplicate + self.lost + self.submitted


class FrameNumbers:
    """The worker's frame numbers, 1, 2, …, turned into frames heard and frames lost."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._last = 0

    def worker_started(self) -> None:
        """A new worker counts from 1."""
        self._last = 0

    def heard(self, number: int) -> None:
        """A frame came; the numbers left out before it were lost on the pipe."""
        self.decoded(number - 1)
        self._ledger.heard += max(number - self._last, 0)
        self._last = max(number, self._last)

    def decoded(self, total: int) -> None:
        """The worker has decoded `total` frames, and none of them is still to come."""
        missing = max(total - self._last, 0)
        self._ledger.heard += missing
        self._ledger.lost += missing
        self._last += missing


class DailyQuota:
    """How many messages a day are relayed; None: any number.

    A message over it is counted and dropped, not held: held messages would use up the next day's
    quota before that day's own, for ever.
    """

    def __init__(self, ledger: Ledger, limit: int | None) -> None:
        self._ledger = ledger
        self.limit = limit

    def take(self, day: int) -> bool:
        """Use one message of a day (proleptic ordinal); False when none is left."""
        if day != self._ledger.quota_day:
            self._ledger.quota_day, self._ledger.quota_used = day, 0
        if self.limit is not None and self._ledger.quota_used >= self.limit:
            return False
        self._ledger.quota_used += 1
        return True
