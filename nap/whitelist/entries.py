"""Entries of a list: one id, a prefix of ids, or a range; as text and as numbers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

ID_DIGITS: Final = 8
ID_MAX: Final = 0xFFFF_FFFF

_ENTRY: Final = re.compile(
    r"(?P<id>[0-9a-f]{1,8})|(?P<prefix>[0-9a-f]{1,7})\*|(?P<first>[0-9a-f]{1,8})-(?P<last>[0-9a-f]{1,8})"
)


class EntryError(ValueError):
    """A text that is no entry. `text` is what was given."""

    def __init__(self, text: str, reason: str) -> None:
        super().__init__(f"{text[:40]!r} {reason}")
        self.text = text


@dataclass(frozen=True, slots=True, order=True)
class Entry:
    """All ids from `first` to `last`, both included."""

    first: int
    last: int

    def __str__(self) -> str:
        """The shortest way to write it: id, prefix*, or first-last."""
        if self.first == self.last:
            return f"{self.first:08x}"
        for digits in range(1, ID_DIGITS):
            below = (1 << 4 * (ID_DIGITS - digits)) - 1
            if self.first & below == 0 and self.last == self.first | below:
                return f"{self.first:08x}"[:digits] + "*"
        return f"{self.first:08x}-{self.last:08x}"


def parse_entry(text: str) -> Entry:
    """Read `0123abcd` (leading zeros may be left out), `0123*` or `01230000-0123ffff`.

    Raises:
        EntryError: it is none of these.
    """
    match = _ENTRY.fullmatch(text.strip().lower().removeprefix("0x"))
    if match is None:
        raise EntryError(text, "is not an id (8 hex digits), a prefix (0123*) or a range (a-b)")
    if match["id"]:
        number = int(match["id"], 16)
        return Entry(number, number)
    if match["prefix"]:
        digits = match["prefix"]
        return Entry(int(digits.ljust(ID_DIGITS, "0"), 16), int(digits.ljust(ID_DIGITS, "f"), 16))
    first, last = int(match["first"], 16), int(match["last"], 16)
    if last < first:
        raise EntryError(text, "ends before it begins")
    return Entry(first, last)
