from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.ingest.decide import LARGEST_BODY_BYTES, decide
from cloud.store.entries import Refused, RepetitionsHeard, StationChanged, UplinkHeard
from nap.wire.messages import Connection, Repetitions
from tests.servers.station import uplink

TOPIC = "nap/NAP-1/event/uplink"
GOOD: dict[str, Any] = json.loads(msgspec.json.encode(uplink(7)))
json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


def refused(body: object, topic: str = TOPIC) -> Refused:
    payload = body if isinstance(body, bytes) else json.dumps(body).encode()
    entry = decide(topic, payload)
    assert isinstance(entry, Refused), entry
    return entry


@given(st.text(max_size=60), st.binary(max_size=400))
def test_no_topic_and_no_body_raises(topic: str, payload: bytes) -> None:
    assert decide(topic, payload)
    assert decide(TOPIC, payload)


@given(st.sampled_from(sorted(GOOD)), json_values)
def test_a_wrong_field_is_refused_or_fits(field: str, value: object) -> None:
    body = GOOD | {field: value}
    entry = decide(TOPIC, json.dumps(body).encode())
    if isinstance(entry, UplinkHeard):
        assert len(entry.uplink.payload) % 2 == 0
    else:
        assert isinstance(entry, Refused)
        assert entry.reason.isprintable()
        if field not in {"epoch", "number"}:
            assert (entry.epoch, entry.number) == (GOOD["epoch"], GOOD["number"])


@given(st.binary(max_size=40), st.integers(0, 300))
def test_a_damaged_uplink_never_raises(noise: bytes, at: int) -> None:
    whole = json.dumps(GOOD).encode()
    assert decide(TOPIC, whole[:at] + noise + whole[at + len(noise) :])
    assert decide(TOPIC, whole[:at])


def test_a_correct_uplink_is_taken_as_it_is() -> None:
    assert decide(TOPIC, json.dumps(GOOD).encode()) == UplinkHeard("NAP-1", uplink(7))


def test_fields_of_a_newer_station_are_ignored() -> None:
    assert decide(TOPIC, json.dumps(GOOD | {"new": [1]}).encode()) == UplinkHeard(
        "NAP-1", uplink(7)
    )


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"device_id": "0123abcd\n"}, "device_id"),
        ({"payload": "ab\n"}, "payload"),
        ({"seq_number": 4096}, "seq_number"),
        ({"bit_rate": 300}, "bit_rate"),
        ({"v": 2}, "v"),
        ({"frame": GOOD["frame"] | {"snr_db": 1e300}}, "snr_db"),
        ({"frame": GOOD["frame"] | {"frequency_hz": -1}}, "frequency_hz"),
        ({"frame": GOOD["frame"] | {"received_utc": "yesterday"}}, "received_utc"),
        ({"frame": GOOD["frame"] | {"rank": 4}}, "rank"),
    ],
)
def test_what_does_not_fit_is_refused_with_its_field_and_record(
    change: dict[str, Any], reason: str
) -> None:
    entry = refused(GOOD | change)
    assert reason in entry.reason
    assert (entry.nap_id, entry.epoch, entry.number) == ("NAP-1", GOOD["epoch"], GOOD["number"])


def test_a_long_body_is_refused_without_reading_it_as_a_message() -> None:
    entry = refused(GOOD | {"pad": "x" * LARGEST_BODY_BYTES})
    assert "longer than" in entry.reason
    assert entry.number == GOOD["number"]
    assert entry.size_bytes > LARGEST_BODY_BYTES


def test_deep_nesting_is_refused() -> None:
    assert refused(b'{"epoch":' + b"[" * 8000).number is None
    assert refused(b'{"unknown":' + b"[" * 15_000).number is None


def test_what_has_no_place_is_refused() -> None:
    assert refused(GOOD, "nap/../event/uplink").nap_id is None
    assert refused(GOOD, "nap/NAP-1/event/other").nap_id == "NAP-1"
    assert refused(GOOD, "other/NAP-1/event/uplink").epoch is None


def test_unprintable_text_never_reaches_the_database() -> None:
    assert "model" in refused({"online": True, "model": "\x00"}, "nap/N/state/conn").reason
    assert "\x00" not in refused(b"", "nap/\x00/event/uplink").topic


def test_repetitions_and_states_are_taken() -> None:
    frames = [uplink(1).frame]
    body = Repetitions(
        epoch="0" * 16,
        number=2,
        uplink_number=1,
        device_id="00000001",
        seq_number=1,
        frames=frames,
    )
    entry = decide("nap/N/event/repetitions", msgspec.json.encode(body))
    assert entry == RepetitionsHeard("N", body)
    state = Connection(online=True, since_utc="2026-01-02T03:04:05Z")
    assert decide("nap/N/state/conn", msgspec.json.encode(state)) == StationChanged("N", state)
