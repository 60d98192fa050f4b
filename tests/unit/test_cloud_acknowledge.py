from __future__ import annotations

import itertools

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from cloud.ingest.acknowledge import REFUSED_AT_ONCE, Answer, Answers, ranges
from cloud.store.entries import Refused, StationReported, UplinkHeard
from nap.wire.messages import Acknowledgment, Stats
from tests.servers.station import uplink


def read(answer: Answer[int]) -> Acknowledgment:
    return msgspec.json.decode(answer.body, type=Acknowledgment)


@given(st.lists(st.integers(1, 300)))
def test_ranges_hold_exactly_the_numbers_in_as_few_runs_as_can_be(numbers: list[int]) -> None:
    runs = ranges(numbers)
    inside = [number for first, last in runs for number in range(first, last + 1)]
    assert inside == sorted(set(numbers))
    assert all(first > last + 1 for (_, last), (first, _) in itertools.pairwise(runs))


def test_records_of_one_spool_share_an_answer_and_those_of_two_do_not() -> None:
    answers: Answers[int] = Answers()
    for token, (nap_id, number) in enumerate([("A", 1), ("B", 1), ("A", 3), ("A", 2)]):
        assert answers.add(UplinkHeard(nap_id, uplink(number)), token)
    first, second = answers.take(), answers.take()
    assert (first.topic, read(first).ranges, first.tokens) == (
        "nap/A/command/ack",
        [(1, 3)],
        [0, 2, 3],
    )
    assert (second.topic, read(second).ranges, second.tokens) == (
        "nap/B/command/ack",
        [(1, 1)],
        [1],
    )
    assert not answers


def test_what_has_no_record_number_needs_no_answer() -> None:
    answers: Answers[int] = Answers()
    stats = Stats(at_utc="2026-01-01T00:00:00Z", heard=1, end_states={}, waiting=0)
    assert not answers.add(StationReported("A", stats), 0)
    assert not answers.add(Refused("A", "", "why", b"", 0), 1)
    assert not answers.add(Refused(None, "", "why", b"", 0, "0" * 16, 1), 2)


def test_a_flood_of_refusals_is_told_in_pieces_that_a_broker_takes() -> None:
    answers: Answers[int] = Answers()
    count = 3 * REFUSED_AT_ONCE // 2
    for number in range(1, count + 1):
        answers.add(Refused("A", "", "x" * 300, b"", 0, "0" * 16, number), number)
    pieces = [answers.take(), answers.take()]
    told = [one.number for piece in pieces for one in read(piece).refused]
    assert told == list(range(1, count + 1))
    assert [len(piece.tokens) for piece in pieces] == [0, count]
    assert all(len(piece.body) < 512 * 1024 for piece in pieces)


def test_a_number_that_was_stored_is_not_called_refused() -> None:
    answers: Answers[int] = Answers()
    answers.add(Refused("A", "", "bad", b"", 0, "0123456789abcdef", 5), 0)
    answers.add(UplinkHeard("A", uplink(5)), 1)
    answer = read(answers.take())
    assert answer.ranges == [(5, 5)]
    assert answer.refused == []
