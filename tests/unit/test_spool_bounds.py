"""What the spool lets go of, and how long it says an outage still fits."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nap.spool.bounds import CLOCK_FLOOR_MS, Bounds, Stored, surplus
from nap.spool.forecast import Forecast

HOUR_MS = 3_600_000
NOW_MS = CLOCK_FLOOR_MS + 1000 * HOUR_MS


def stored(*ages_h: float, size: int = 100) -> list[Stored]:
    return [Stored(n, 1, int(NOW_MS - age * HOUR_MS), size) for n, age in enumerate(ages_h, 1)]


def test_the_oldest_go_first_until_the_rest_fits() -> None:
    records = stored(5, 4, 3, 2, 1)
    bounds = Bounds(max_bytes=250, max_age_s=None, memory_bytes=0)
    assert [r.number for r in surplus(records, 500, bounds, NOW_MS)] == [1, 2, 3]


def test_what_is_too_old_goes_although_there_is_room() -> None:
    bounds = Bounds(max_bytes=10_000, max_age_s=3.5 * 3600, memory_bytes=0)
    assert [r.number for r in surplus(stored(5, 4, 3), 300, bounds, NOW_MS)] == [1, 2]


def test_what_a_box_without_a_clock_stamped_does_not_age() -> None:
    records = [Stored(1, 1, 12 * HOUR_MS, 100), *stored(1)]
    bounds = Bounds(max_bytes=10_000, max_age_s=3600 * 24, memory_bytes=0)
    assert list(surplus(records, 200, bounds, NOW_MS)) == []


@given(st.lists(st.integers(1, 900), max_size=20), st.integers(0, 3000))
def test_what_stays_fits_and_not_one_more_went_than_needed(sizes: list[int], room: int) -> None:
    records = [Stored(n, 1, NOW_MS, size) for n, size in enumerate(sizes, 1)]
    gone = surplus(records, sum(sizes), Bounds(room, None, 0), NOW_MS)
    left = sum(sizes) - sum(record.size for record in gone)
    assert left <= room
    assert not gone or left + gone[-1].size > room


def test_an_hour_at_a_steady_rate_predicts_the_outage_that_fits() -> None:
    forecast = Forecast(now=0.0)
    for minute in range(60):
        forecast.feed(1000, now=minute * 60.0)
    assert forecast.hours_left(600_000, now=3600.0) == pytest.approx(10.0, rel=0.1)


def test_the_rate_follows_when_the_air_grows_busy() -> None:
    forecast = Forecast(now=0.0)
    for hour in range(48):
        forecast.feed(1000, now=hour * 3600.0)
    for hour in range(48, 72):
        forecast.feed(10_000, now=hour * 3600.0)
    assert forecast.bytes_per_hour(now=72 * 3600.0) == pytest.approx(10_000, rel=0.15)


def test_there_is_no_forecast_while_nothing_comes() -> None:
    assert Forecast(now=0.0).hours_left(1_000_000, now=3600.0) is None


@given(st.lists(st.tuples(st.floats(0, 1e5), st.integers(0, 10**6)), max_size=20))
def test_any_history_gives_a_rate_that_is_not_negative(history: list[tuple[float, int]]) -> None:
    forecast, now = Forecast(0.0), 0.0
    for later_s, size in history:
        now += later_s
        forecast.feed(size, now)
    assert forecast.bytes_per_hour(now) >= 0
