"""How fast, and how long to wait."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nap.relay.backoff import Backoff
from nap.relay.couriers.http_answers import Answer, judge, retry_after_s
from nap.relay.pacing import TokenBucket

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_the_ceiling_of_the_delays_doubles_to_five_minutes() -> None:
    backoff = Backoff(lambda: 1.0)
    assert [backoff.next_delay_s() for _ in range(11)] == [
        1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300,
    ]  # fmt: skip


def test_the_jitter_is_full() -> None:
    backoff = Backoff(lambda: 0.0)
    assert [backoff.next_delay_s() for _ in range(5)] == [0] * 5


@pytest.mark.parametrize(
    ("lasted_s", "useful", "next_s"), [(61, True, 1), (59, True, 8), (3600, False, 8)]
)
def test_only_a_long_and_useful_session_starts_from_the_beginning(
    *, lasted_s: float, useful: bool, next_s: float
) -> None:
    backoff = Backoff(lambda: 1.0)
    for _ in range(3):
        backoff.next_delay_s()
    backoff.ended(lasted_s, useful=useful)
    assert backoff.next_delay_s() == next_s


def test_what_the_other_side_asks_for_is_waited_and_the_jitter_on_top() -> None:
    assert Backoff(lambda: 0.5).next_delay_s(at_least_s=120) == 120.5


@given(st.floats(0.1, 1e6), st.lists(st.floats(0, 10), max_size=50))
def test_a_bucket_never_gives_more_than_its_rate_and_one_burst(
    per_s: float, pauses: list[float]
) -> None:
    bucket, now, spent = TokenBucket(per_s, 0.0), 0.0, 0
    for pause in pauses:
        now += pause
        for _ in range(min(bucket.available(now), 1000)):
            bucket.spend()
            spent += 1
    assert spent <= max(1.0, per_s / 4) + now * per_s + 1e-3


@given(st.floats(0.1, 1e6))
def test_an_empty_bucket_has_tokens_when_it_says_so(per_s: float) -> None:
    bucket = TokenBucket(per_s, 0.0)
    for _ in range(bucket.available(0.0)):
        bucket.spend()
    assert bucket.available(0.0) == 0
    assert bucket.available(bucket.next_at(0.0)) >= 1


@pytest.mark.parametrize(
    ("answer", "statuses"),
    [
        (Answer.TAKEN, [200, 201, 202, 204, 207]),
        (Answer.LATER, [408, 425, 429, 500, 502, 503, 504, 599]),
        (Answer.MISCONFIGURED, [100, 301, 302, 307, 308, 401, 403, 404, 405, 407, 410, 415]),
        (Answer.WRONG, [400, 409, 413, 418, 422]),
    ],
)
def test_each_status_says_whose_fault_it_is(answer: Answer, statuses: list[int]) -> None:
    assert {judge(status) for status in statuses} == {answer}


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, 0),
        ("120", 120),
        (" 7 ", 7),
        ("999999999999999999999999", 3600),
        ("-5", 0),
        ("soon", 0),
        (format_datetime(NOW + timedelta(seconds=90), usegmt=True), 90),
        (format_datetime(NOW - timedelta(days=1), usegmt=True), 0),
        (format_datetime(NOW + timedelta(days=900), usegmt=True), 3600),
    ],
)
def test_retry_after_is_understood_as_seconds_or_date(value: str | None, seconds: float) -> None:
    assert retry_after_s(value, NOW) == seconds


@given(st.text(max_size=60))
def test_any_retry_after_gives_a_sensible_pause(value: str) -> None:
    assert 0 <= retry_after_s(value, NOW) <= 3600
