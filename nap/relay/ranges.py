"""Record numbers as the spool and the wire tell them: pairs of first and last, both included."""

from __future__ import annotations

from collections.abc import Iterable


def pairs(numbers: Iterable[int]) -> list[tuple[int, int]]:
    """The shortest list of pairs that covers exactly `numbers`, in order."""
    found: list[tuple[int, int]] = []
    for number in sorted(set(numbers)):
        if found and found[-1][1] == number - 1:
            found[-1] = (found[-1][0], number)
        else:
            found.append((number, number))
    return found
