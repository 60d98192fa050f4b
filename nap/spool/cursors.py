"""What each destination has taken, and how every uplink ended for it: arithmetic without a file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final, Literal

from nap.spool.intervals import IntervalSet
from nap.spool.ports import Kind
from nap.spool.rows import KIND_CODES

UPLINK: Final = KIND_CODES[Kind.UPLINK]

End = Literal["delivered", "refused", "expired", "lost", "skipped"]
"""How an uplink ended for one destination.

delivered and refused by the destination; expired: dropped for room or age; lost: in a damaged
part of the file; skipped: put before the spool knew this destination.
"""

Start = Literal["oldest", "newest"]
"""Where a new destination begins: with the oldest record still there, or with the next to come."""


@dataclass(slots=True)
class Cursor:
    """One destination.

    Attributes:
        settled: Numbers that need no more work.
        waiting: Records still to take, by kind code.
        ended: Uplinks by how they ended.
    """

    settled: IntervalSet = field(default_factory=IntervalSet)
    waiting: dict[int, int] = field(default_factory=dict)
    ended: dict[str, int] = field(default_factory=dict)

    @property
    def waiting_uplinks(self) -> int:
        """Uplinks still to take."""
        return self.waiting.get(UPLINK, 0)

    @property
    def waiting_records(self) -> int:
        """Records of any kind still to take."""
        return sum(self.waiting.values())

    def expect(self, kind: int) -> None:
        """A record was put."""
        self.waiting[kind] = self.waiting.get(kind, 0) + 1

    def end(self, kinds: dict[int, int], how: End) -> None:
        """Records stopped waiting; only uplinks are counted by how they ended."""
        for kind, count in kinds.items():
            self.waiting[kind] = self.waiting.get(kind, 0) - count
        self.count(kinds.get(UPLINK, 0), how)

    def count(self, uplinks: int, how: End) -> None:
        """Note how some uplinks ended."""
        if uplinks:
            self.ended[how] = self.ended.get(how, 0) + uplinks

    def accounted(self) -> int:
        """Uplinks this destination can account for: ended or waiting."""
        return sum(self.ended.values()) + self.waiting_uplinks


def settled_by_all(cursors: Iterable[Cursor], first: int, last: int) -> Iterator[tuple[int, int]]:
    """The parts of first…last that no destination needs any more; none without destinations."""
    parts: list[tuple[int, int]] | None = None
    for cursor in cursors:
        before = [(first, last)] if parts is None else parts
        parts = [piece for part in before for piece in cursor.settled.overlap(*part)]
    yield from parts or []
