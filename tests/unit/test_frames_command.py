"""What `nap frames` answers to each line, over all published vectors and over garbage."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nap.cli import frames
from nap.cli.frame_requests import Encoded
from tests.unit.sigfox_vectors import VECTORS, deliveries, of_kinds, transmissions

REASONS = {"reject_crc": "crc", "reject_mac": "authentication"}
UPLINKS = of_kinds("uplink")
DOWNLINKS = of_kinds("downlink")
MESSAGE_FIELDS = ("device_id", "payload", "message_type", "bidirectional", "nak")


def ask(answer: Callable[[bytes], object], request: dict[str, object]) -> dict[str, Any]:
    text = msgspec.json.encode(answer(json.dumps(request).encode()))
    reply: dict[str, Any] = json.loads(text)
    return reply


def decode(**request: object) -> dict[str, Any]:
    return ask(frames.decode_line, request)


def encode(**request: object) -> dict[str, Any]:
    return ask(frames.encode_line, request)


def name(vector: object) -> str:
    return str(vector["id"]) if isinstance(vector, dict) and "id" in vector else ""


def test_all_vectors_are_here() -> None:
    assert len(VECTORS) == 149
    assert len(UPLINKS) + len(DOWNLINKS) + len(of_kinds("message_trace")) == 149


@pytest.mark.parametrize("vector", UPLINKS, ids=name)
def test_uplink_vectors_decode_as_expected(vector: dict[str, Any]) -> None:
    reply = decode(link="uplink", **{k: vector[k] for k in ("frame_hex", "frame_bits", "nak")})
    assert reply["ok"] == (vector["expect"] == "accept")
    assert reply.get("reason") == REASONS.get(vector["expect"])
    if vector["expect"] != "reject_crc":
        assert reply["device_id"] == vector["device_id"]
        assert reply["seq_number"] == vector["seq"]
        assert reply["payload"] == vector["payload"]
        assert reply["message_type"] == vector["message_type"]
        assert reply["rank"] == vector["replica"]
        assert reply["bidirectional"] == vector["bidirectional"]
        assert reply["authenticated"] == (vector["expect"] == "accept")
        assert reply["frame_type_errors"] == len(vector.get("error_bits") or [])
        assert reply.get("control") == vector.get("control")


@pytest.mark.parametrize(
    "vector", [v for v in UPLINKS if v["expect"] == "accept" and "error_bits" not in v], ids=name
)
def test_uplink_vectors_are_encoded_bit_for_bit(vector: dict[str, Any]) -> None:
    request = {field: vector[field] for field in MESSAGE_FIELDS}
    reply = encode(link="uplink", seq_number=vector["seq"], rank=vector["replica"], **request)
    assert reply == {"frame_hex": vector["frame_hex"], "frame_bits": vector["frame_bits"]}


@pytest.mark.parametrize("vector", DOWNLINKS, ids=name)
def test_downlink_vectors_decode_as_expected(vector: dict[str, Any]) -> None:
    request = {k: vector[k] for k in ("frame_hex", "frame_bits", "nak", "device_id")}
    reply = decode(link="downlink", seq_number=vector["seq"], **request)
    assert reply["ok"] == (vector["expect"] == "accept")
    if reply["ok"]:
        assert reply["payload"] == vector["payload"]
        assert reply["authenticated"] is True
        assert reply["corrected_bits"] == len(vector.get("error_bits") or [])
    else:
        assert reply["reason"] == "fec"


@pytest.mark.parametrize("vector", [v for v in DOWNLINKS if v["expect"] == "accept"], ids=name)
def test_downlink_vectors_are_encoded_bit_for_bit(vector: dict[str, Any]) -> None:
    request = {k: vector[k] for k in ("nak", "device_id", "payload")}
    reply = encode(link="downlink", seq_number=vector["seq"], **request)
    wrong = vector.get("error_bits") or []
    expected = int(vector["frame_hex"], 16)
    for bit in wrong:
        expected ^= 1 << (119 - bit)
    assert reply == {"frame_hex": f"{expected:056x}", "frame_bits": 224}


@pytest.mark.parametrize(("trace", "event"), transmissions(), ids=name)
def test_every_frame_of_the_traces_goes_both_ways(
    trace: dict[str, Any], event: dict[str, Any]
) -> None:
    frame = {"frame_hex": event["hex"], "frame_bits": event["bits"]}
    reply = decode(link="uplink", nak=trace["nak"], **frame)
    assert reply["ok"]
    assert reply["device_id"] == trace["device_id"]
    is_confirmation = reply["message_type"] == "downlink_confirmation"
    assert reply["seq_number"] == (trace["seq"] + is_confirmation) % 4096
    if not is_confirmation and trace["message_type"] != "keep_alive":
        assert reply["payload"] == trace["payload"]
        assert reply["message_type"] == trace["message_type"]
        assert reply["bidirectional"] == trace["bidirectional"]
    again = {k: reply[k] for k in (*MESSAGE_FIELDS[:-1], "seq_number", "rank")}
    assert encode(link="uplink", nak=trace["nak"], **again) == frame


@pytest.mark.parametrize(("trace", "event"), deliveries(), ids=name)
def test_downlinks_of_the_traces_are_read_as_the_device_read_them(
    trace: dict[str, Any], event: dict[str, Any]
) -> None:
    who = {"device_id": trace["device_id"], "seq_number": trace["seq"], "nak": trace["nak"]}
    reply = decode(link="downlink", frame_hex=event["hex"], frame_bits=120, **who)
    assert reply["ok"]
    assert reply["payload"] == trace["downlink_payload"]
    frame = encode(link="downlink", payload=reply["payload"], **who)
    assert frame["frame_hex"].endswith("b227" + event["hex"])


def test_without_a_key_authenticated_is_null() -> None:
    reply = decode(link="uplink", frame_hex=UPLINKS[0]["frame_hex"], frame_bits=112)
    assert reply["ok"]
    assert reply["authenticated"] is None


def test_bits_that_do_not_fill_bytes_are_left_aligned() -> None:
    reply = decode(link="uplink", frame_hex="aaaaa06b8", frame_bits=33)
    assert reply == {"ok": False, "reason": "length"}
    padded = decode(link="uplink", frame_hex="aaaaa06b80", frame_bits=33)
    assert padded == reply
    too_many = decode(link="uplink", frame_hex="aaaaa06b8000", frame_bits=33)
    assert too_many["detail"] == "12 hex digits are not 33 bits"


def test_frame_type_beyond_repair_is_the_stated_reason() -> None:
    assert decode(link="uplink", frame_hex="aaaaa000" + 20 * "0")["reason"] == "frame_type"


@pytest.mark.parametrize(
    ("line", "place"),
    [
        (b"", "truncated"),
        (b"[1]", "Expected `object`"),
        (b'{"link": "uplink"}', "frame_hex"),
        (b'{"link": "uplink", "frame_hex": "xy"}', "$.frame_hex"),
        (b'{"link": "uplink", "frame_hex": "aa", "nak": "00"}', "$.nak"),
        (b'{"link": "downlink", "frame_hex": "aa"}', "device_id"),
        (b'{"link": "sideways"}', "$.link"),
        (b'{"link": "\xff"}', "utf-8"),
        (b'{"link": "uplink", "x": ' + b"[" * 60_000, "recursion"),
    ],
)
def test_malformed_lines_are_answered_with_the_place(line: bytes, place: str) -> None:
    answer = frames.decode_line(line)
    assert (answer.ok, answer.reason) == (False, "malformed")
    assert place in str(answer.detail)


@pytest.mark.parametrize(
    ("request_", "reason", "place"),
    [
        ({"payload": "00" * 13}, "unsendable", "13 bytes"),
        ({"payload": "00", "message_type": "bit_true"}, "unsendable", "bit_true"),
        ({"payload": "09" * 7, "message_type": "keep_alive"}, "unsendable", "keep_alive"),
        ({"message_type": "song"}, "malformed", "$.message_type"),
        ({"rank": 4}, "malformed", "$.rank"),
        ({"seq_number": 4096}, "malformed", "$.seq_number"),
        ({"device_id": "123456789"}, "malformed", "$.device_id"),
        ({"payload": "abc"}, "malformed", "$.payload"),
        ({"link": "downlink", "payload": "00"}, "unsendable", "8 bytes"),
    ],
)
def test_what_cannot_be_sent_is_answered_with_the_place(
    request_: dict[str, Any], reason: str, place: str
) -> None:
    base = {"link": "uplink", "device_id": "1", "seq_number": 1, "nak": "0" * 32}
    reply = encode(**{**base, **request_})
    assert reply["ok"] is False
    assert reply["reason"] == reason
    assert place in reply["detail"]


@given(st.binary(max_size=300))
def test_any_line_is_answered(line: bytes) -> None:
    assert frames.decode_line(line).ok is False
    assert not isinstance(frames.encode_line(line), Encoded)


def test_one_line_in_one_answer_out_however_long() -> None:
    long = b"x" * (3 * frames.LONGEST_LINE_BYTES)
    source = io.BytesIO(b"first\n\n" + long + b"\nlast")
    read = list(frames.lines(source))
    assert [read[0], read[1], read[3]] == [b"first\n", b"\n", b"last"]
    assert len(read) == 4
    assert len(read[2]) == frames.LONGEST_LINE_BYTES


@pytest.mark.parametrize("field", ["frame_hex", "nak", "device_id", "payload"])
def test_a_line_end_inside_a_value_is_no_digit(field: str) -> None:
    values = {"frame_hex": "a", "nak": "00" * 16, "device_id": "0123abcd", "payload": "00" * 8}
    request = {**values, field: values[field] + "\n", "link": "downlink", "seq_number": 1}
    reply = decode(**request) if field == "frame_hex" else encode(**request)
    assert reply["reason"] == "malformed"
    assert field in reply["detail"]
