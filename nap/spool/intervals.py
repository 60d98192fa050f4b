"""Sets of record numbers, kept as ranges: a cursor that live and backlog lane move at two ends."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator


class IntervalSet:
    """Whole numbers as disjoint ranges (first, last), both included, never touching."""

    __slots__ = ("_firsts", "_lasts")

    def __init__(self, ranges: Iterable[tuple[int, int]] = ()) -> None:
        self._firsts: list[int] = []
        self._lasts: list[int] = []
        for first, last in ranges:
            self.add(first, last)

    def __iter__(self) -> Iterator[tuple[int, int]]:
        return iter(zip(self._firsts, self._lasts, strict=True))

    def __contains__(self, number: int) -> bool:
        at = bisect_right(self._firsts, number) - 1
        return at >= 0 and number <= self._lasts[at]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, IntervalSet) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]  # it changes

    def __len__(self) -> int:
        """How many ranges it takes, not how many numbers."""
        return len(self._firsts)

    def add(self, first: int, last: int) -> None:
        """Add first…last; an empty range (last < first) adds nothing."""
        if last < first:
            return
        low = bisect_left(self._lasts, first - 1)
        high = bisect_right(self._firsts, last + 1)
        if low < high:
            first = min(first, self._firsts[low])
            last = max(last, self._lasts[high - 1])
        self._firsts[low:high] = [first]
        self._lasts[low:high] = [last]

    def overlap(self, first: int, last: int) -> Iterator[tuple[int, int]]:
        """The parts of first…last that are in the set, rising."""
        at = bisect_left(self._lasts, first)
        while at < len(self._firsts) and self._firsts[at] <= last:
            yield max(first, self._firsts[at]), min(last, self._lasts[at])
            at += 1

    def gaps(self, first: int, last: int) -> Iterator[tuple[int, int]]:
        """The parts of first…last that are not in the set, rising."""
        for there, until in self.overlap(first, last):
            if first < there:
                yield first, there - 1
            first = until + 1
        if first <= last:
            yield first, last
