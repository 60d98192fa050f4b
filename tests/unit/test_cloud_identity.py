from __future__ import annotations

import itertools
from datetime import UTC, datetime

import msgspec
import pytest

from cloud.store.identity import KnownMessages, heard_ms, identity_of, merge_frames, strongest
from nap.wire.messages import Frame
from tests.servers.station import uplink

NOW_MS = int(datetime(2026, 7, 1, tzinfo=UTC).timestamp() * 1000)


def frame(rank: int, snr_db: float) -> Frame:
    return msgspec.structs.replace(uplink(1).frame, rank=rank, snr_db=snr_db)


def test_another_packet_counter_device_or_origin_is_another_message() -> None:
    base = uplink(1)
    changes = [
        {},
        {"packet": "00"},
        {"seq_number": 9},
        {"device_id": "ffffffff"},
        {"simulated": False},
    ]
    keys = {identity_of(msgspec.structs.replace(base, **change)).key for change in changes}
    assert len(keys) == len(changes)
    assert all(0 <= key < 2**63 for key in keys)


def test_a_counter_that_rolled_over_makes_a_new_message() -> None:
    known = KnownMessages(window_ms=60_000)
    identity = identity_of(uplink(1))
    known.add(identity, NOW_MS, 1)
    known.add(identity, NOW_MS + 100_000, 2)
    assert known.find(identity, NOW_MS - 60_000) == 1
    assert known.find(identity, NOW_MS + 55_000) == 2
    assert known.find(identity, NOW_MS - 60_001) is None
    assert known.find(identity_of(uplink(2)), NOW_MS) is None


@pytest.mark.parametrize(
    ("told", "heard"),
    [
        (None, NOW_MS),
        ("2026-06-30T23:59:00Z", NOW_MS - 60_000),
        ("2026-06-30T23:59:00", NOW_MS - 60_000),
        ("2026-07-01T01:59:00+02:00", NOW_MS - 60_000),
        ("1970-01-01T00:00:09Z", NOW_MS),
        ("2031-01-01T00:00:00Z", NOW_MS),
    ],
)
def test_a_station_without_a_clock_does_not_decide_the_time(told: str | None, heard: int) -> None:
    assert heard_ms(told, NOW_MS) == heard


def test_merging_keeps_the_best_of_each_rank_whatever_the_order() -> None:
    frames = [frame(1, 5.0), frame(2, 9.0), frame(1, 7.0), frame(3, 1.0)]
    expected = [frame(1, 7.0), frame(2, 9.0), frame(3, 1.0)]
    for order in itertools.permutations(frames):
        assert merge_frames(order[:2], order[2:]) == expected
        assert merge_frames(expected, order) == expected
    assert strongest(expected) == frame(2, 9.0)
