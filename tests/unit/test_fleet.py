"""Fleets of simulated devices, and times as text."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from radio.air.fleet import Fleet, devices_of, listeners_of
from radio.iso_time import iso_utc, later, parse_iso_utc
from radio.load_meter import STATS_EVERY_S, LoadMeter
from radio.sigfox.zones import ZONES


def test_a_fleet_is_different_devices_and_always_the_same_for_a_seed() -> None:
    fleet = Fleet(count=50, interval_s=30.0)
    devices = devices_of(fleet, ZONES["RC1"], seed=9)
    assert devices == devices_of(fleet, ZONES["RC1"], seed=9)
    assert devices != devices_of(fleet, ZONES["RC1"], seed=10)
    assert len({device.device_id for device in devices}) == 50
    assert {device.bit_rate for device in devices} == {100, 600}
    assert {device.bidirectional for device in devices} == {False, True}
    assert len({device.payload_bytes for device in devices}) > 8
    assert all(12 <= device.snr_db <= 30 for device in devices)
    assert all(0 <= device.first_s < 30 for device in devices)


@pytest.mark.parametrize("name", list(ZONES))
def test_listeners_follow_the_fleet_and_have_time_to_listen(name: str) -> None:
    fleet, zone = Fleet(count=5, interval_s=30.0), ZONES[name]
    listeners = listeners_of(fleet, 4, zone, seed=1)
    assert [one.device_id for one in listeners] == list(range(0x0051_0005, 0x0051_0009))
    assert all(one.listens and one.bidirectional for one in listeners)
    first, *others = [one.first_s for one in listeners]
    assert first <= 10.0 < min(others)
    closes_s = zone.window_opens_s + zone.window_s
    for one in listeners:
        assert 0.8 * one.interval_s > one.longest_message_s + closes_s + 4.0 + 2.1


def test_a_fleet_keeps_the_rates_of_its_zone() -> None:
    devices = devices_of(Fleet(count=20), ZONES["RC2"], seed=1)
    assert {device.bit_rate for device in devices} == {600}


@given(st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001
def test_times_come_back_from_their_text(instant: datetime) -> None:
    text = iso_utc(instant)
    assert text.endswith("Z")
    assert parse_iso_utc(text) == instant


def test_times_are_moved_by_seconds() -> None:
    assert later("2026-12-31T23:59:59.75Z", 0.5) == "2027-01-01T00:00:00.250000Z"
    assert later("2026-12-31T23:59:59", -59.0) == "2026-12-31T23:59:00.000000Z"
    for beyond in (1e12, -1e12, 1e300):
        with pytest.raises(ValueError, match=r"."):
            later("2026-01-01T00:00:00Z", beyond)


def test_the_load_is_that_since_the_last_report() -> None:
    meter = LoadMeter()
    assert meter.due(now=100.0)
    assert not meter.due(now=100.0 + STATS_EVERY_S / 2)
    assert meter.due(now=100.0 + STATS_EVERY_S)
    assert meter.load(cpu_s=3.0, samples_s=10.0) == pytest.approx(0.3)
    assert meter.load(cpu_s=4.0, samples_s=12.0) == pytest.approx(0.5)
    assert meter.load(cpu_s=5.0, samples_s=12.0) == 0.0
