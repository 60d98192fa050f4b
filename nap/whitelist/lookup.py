"""Is an id in a list of ids, prefixes and ranges? The same few steps for 10 entries or 100 000."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator

from nap.whitelist.entries import Entry


class IdSet:
    """Ids in a hash table; prefixes and ranges merged into rising ranges and bisected."""

    __slots__ = ("_firsts", "_ids", "_lasts")

    def __init__(self, entries: Iterable[Entry]) -> None:
        self._ids: set[int] = set()
        ranges: list[Entry] = []
        for entry in entries:
            if entry.first == entry.last:
                self._ids.add(entry.first)
            else:
                ranges.append(entry)
        merged = list(_merged(sorted(ranges)))
        self._firsts = [entry.first for entry in merged]
        self._lasts = [entry.last for entry in merged]

    def __contains__(self, device: int) -> bool:
        if device in self._ids:
            return True
        at = bisect_right(self._firsts, device) - 1
        return at >= 0 and device <= self._lasts[at]


def _merged(ranges: Iterable[Entry]) -> Iterator[Entry]:
    current: Entry | None = None
    for entry in ranges:
        if current is None or entry.first > current.last + 1:
            if current is not None:
                yield current
            current = entry
        else:
            current = Entry(current.first, max(current.last, entry.last))
    if current is not None:
        yield current
