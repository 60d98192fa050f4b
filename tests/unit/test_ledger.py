"""The sums that must hold, and that they notice when something goes missing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nap.balance import balance
from nap.ledger import DailyQuota, FrameNumbers, Ledger
from nap.spool.status import DestinationStatus, SpoolStatus
from nap.tally_file import TallyFile


def spool_with(spooled: int, waiting: int, **ended: int) -> SpoolStatus:
    return SpoolStatus(
        epoch="0" * 16, head=spooled, spooled=spooled, durable=True, refusal=None, records=waiting,
        held_records=0, bytes=0, max_bytes=1, hours_left=None, set_aside=[],
        destinations={
            "cloud": DestinationStatus(
                waiting_records=waiting, waiting_uplinks=waiting, ended=ended
            )
        },
    )  # fmt: skip


def test_gaps_in_the_workers_numbers_are_frames_lost() -> None:
    ledger = Ledger()
    numbers = FrameNumbers(ledger)
    for number in (1, 2, 5):
        numbers.heard(number)
    numbers.decoded(5)
    assert (ledger.heard, ledger.lost) == (5, 2)
    numbers.decoded(7)
    numbers.worker_started()
    numbers.heard(2)
    assert (ledger.heard, ledger.lost) == (9, 5)


@given(st.lists(st.tuples(st.booleans(), st.integers(1, 9)), max_size=40))
def test_frames_heard_and_lost_follow_any_history_of_workers(
    history: list[tuple[bool, int]],
) -> None:
    ledger, sent, expected, received = Ledger(), 0, 0, 0
    numbers = FrameNumbers(ledger)
    for restart, step in history:
        if restart:
            numbers.worker_started()
            sent = 0
        sent += step
        expected += step
        received += 1
        numbers.heard(sent)
    assert ledger.heard == expected
    assert ledger.heard - ledger.lost == received


def test_a_ledger_that_adds_up_says_so() -> None:
    ledger = Ledger(heard=20, filtered=3, over_quota=1, duplicate=5, lost=1, submitted=10)
    found = balance(ledger, 8, spool_with(9, 4, delivered=3, refused=1, expired=1))
    assert found.adds_up
    assert found.in_hand == 1
    states = found.destinations["cloud"].end_states
    assert sum(states.values()) == found.heard == 20


@pytest.mark.parametrize(
    ("change", "spool"),
    [
        ({"heard": 1}, spool_with(10, 10)),
        ({"duplicate": 1}, spool_with(10, 10)),
        ({}, spool_with(9, 9)),
        ({}, spool_with(11, 11)),
        ({}, spool_with(10, 9)),
        ({}, spool_with(10, 9, delivered=2)),
    ],
)
def test_a_frame_that_goes_missing_or_appears_anywhere_is_noticed(
    change: dict[str, int], spool: SpoolStatus
) -> None:
    ledger = Ledger(heard=10, submitted=10)
    for name, more in change.items():
        setattr(ledger, name, getattr(ledger, name) + more)
    assert not balance(ledger, ledger.submitted, spool).adds_up


def test_what_was_in_memory_at_a_kill_is_counted_as_lost() -> None:
    ledger = Ledger.from_values({"heard": 10, "duplicate": 2, "submitted": 8})
    ledger.resume(spooled=5)
    assert ledger.lost == 3
    assert balance(ledger, ledger.submitted, spool_with(5, 5)).adds_up


@given(st.dictionaries(st.sampled_from(Ledger.__slots__), st.integers(0, 99)), st.integers(0, 99))
def test_any_counts_found_at_a_start_give_a_ledger_that_adds_up(
    values: dict[str, int], spooled: int
) -> None:
    ledger = Ledger.from_values(values)
    ledger.resume(spooled)
    assert balance(ledger, ledger.submitted, spool_with(spooled, spooled)).adds_up


def test_the_quota_of_a_day_ends_and_the_next_day_begins_anew() -> None:
    quota = DailyQuota(Ledger(), limit=2)
    assert [quota.take(day) for day in (1, 1, 1, 2, 2, 2)] == [True, True, False] * 2
    assert all(DailyQuota(Ledger(), None).take(1) for _ in range(2000))


def test_counts_beside_the_process_come_back_for_the_same_spool_only(tmp_path: Path) -> None:
    ledger = Ledger(heard=2**40, duplicate=7)
    file = TallyFile(tmp_path / "tally", "a" * 16)
    assert file.read() == {}
    file.open()
    file.write(ledger)
    file.close()
    assert Ledger.from_values(TallyFile(tmp_path / "tally", "a" * 16).read()) == ledger
    assert TallyFile(tmp_path / "tally", "b" * 16).read() == {}


@pytest.mark.parametrize("spoil", [lambda b: b[:-1], lambda b: b"\x01" + b[1:], lambda _: b""])
def test_a_damaged_tally_counts_for_nothing(
    tmp_path: Path, spoil: Callable[[bytes], bytes]
) -> None:
    path = tmp_path / "tally"
    file = TallyFile(path, "a" * 16)
    file.open()
    file.write(Ledger(heard=5))
    file.close()
    path.write_bytes(spoil(path.read_bytes()))
    assert file.read() == {}
