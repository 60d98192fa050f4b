"""The AsyncAPI document: up to date, complete, and true to what the programs send."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from nap.wire.asyncapi import document, text
from nap.wire.messages import Acknowledgment, Connection, DownlinkCommand, DownlinkReply

DOCUMENT = Path(__file__).parents[2] / "docs" / "asyncapi.json"


def test_the_document_in_the_repository_is_up_to_date() -> None:
    assert DOCUMENT.read_text() == text(), "python -m nap.wire.asyncapi > docs/asyncapi.json"


def references(value: Any) -> set[str]:  # noqa: ANN401
    if isinstance(value, list):
        return {found for item in value for found in references(item)}
    if not isinstance(value, dict):
        return set()
    own = {value["$ref"]} if isinstance(value.get("$ref"), str) else set()
    return own | references(list(value.values()))


def test_every_reference_leads_somewhere() -> None:
    whole = document()
    assert references(whole)
    for reference in references(whole):
        place: Any = whole
        for step in reference.removeprefix("#/").split("/"):
            place = place[step]
        assert isinstance(place, dict)


def test_the_topics_are_those_of_the_design() -> None:
    addresses = {channel["address"] for channel in document()["channels"].values()}
    assert addresses == {
        "nap/{nap_id}/event/uplink",
        "nap/{nap_id}/event/repetitions",
        "nap/{nap_id}/event/stats",
        "nap/{nap_id}/state/conn",
        "nap/{nap_id}/command/ack",
        "nap/{nap_id}/command/downlink",
        "nap/{nap_id}/reply/downlink",
    }


@pytest.mark.parametrize(
    "message",
    [
        Acknowledgment(epoch="0123456789abcdef", ranges=[(1, 2)]),
        Connection(online=True, model="NAP3"),
        DownlinkCommand(id="1", device_id="0123abcd", seq_number=1, payload="00" * 8, tag="beef"),
        DownlinkReply(id="1", state="refused", at_utc="2026-11-21T12:00:00Z", reason="muted"),
    ],
)
def test_what_is_sent_has_only_documented_fields(message: msgspec.Struct) -> None:
    schema = document()["components"]["schemas"][type(message).__name__]
    sent = json.loads(msgspec.json.encode(message))
    assert set(sent) <= set(schema["properties"])
    assert set(schema["required"]) <= set(sent)


def test_a_pair_of_numbers_is_told_in_the_schema_language_of_asyncapi() -> None:
    ranges = document()["components"]["schemas"]["Acknowledgment"]["properties"]["ranges"]
    assert ranges["items"]["items"]["type"] == "integer"
    assert (ranges["items"]["minItems"], ranges["items"]["maxItems"]) == (2, 2)
