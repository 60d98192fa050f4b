"""Sets of record numbers against plain Python sets."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from nap.spool.intervals import IntervalSet

RANGES = st.lists(
    st.tuples(st.integers(1, 60), st.integers(0, 9)).map(lambda p: (p[0], p[0] + p[1] - 1)),
    max_size=30,
)


def numbers_of(ranges: object) -> set[int]:
    return {number for first, last in ranges for number in range(first, last + 1)}


@given(RANGES)
def test_holds_exactly_what_was_added_in_the_fewest_ranges(ranges: list[tuple[int, int]]) -> None:
    held = IntervalSet(ranges)
    expected = numbers_of(ranges)
    assert numbers_of(held) == expected
    assert {number for number in range(80) if number in held} == expected
    found = list(held)
    assert len(held) == len(found)
    assert all(last + 1 < first for (_, last), (first, _) in itertools.pairwise(found))


@given(RANGES, st.integers(1, 70), st.integers(1, 70))
def test_overlap_and_gaps_part_a_range_between_them(
    ranges: list[tuple[int, int]], first: int, last: int
) -> None:
    held = IntervalSet(ranges)
    asked = set(range(first, last + 1))
    assert numbers_of(held.overlap(first, last)) == asked & numbers_of(ranges)
    assert numbers_of(held.gaps(first, last)) == asked - numbers_of(ranges)


def test_a_cursor_of_a_long_life_stays_one_range() -> None:
    held = IntervalSet()
    for number in range(1, 10_001):
        held.add(number, number)
    assert list(held) == [(1, 10_000)]
