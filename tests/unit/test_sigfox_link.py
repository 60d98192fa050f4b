"""Properties of the link layer over messages and bits that nobody wrote down."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from radio.sigfox import bch, convolution, whitening
from radio.sigfox.bits import Bits, bits_of, bits_of_word, bytes_of, word_of
from radio.sigfox.control import Control, control_payload, parse_control
from radio.sigfox.crc import crc8, crc16, crc16_fits
from radio.sigfox.downlink import (
    Downlink,
    DownlinkFrame,
    decode_downlink,
    encode_downlink,
    verify_downlink,
)
from radio.sigfox.frame_type import FRAME_CLASSES, nearest_frame_type
from radio.sigfox.rejected import Reason, Rejected
from radio.sigfox.sendable import UnsendableError
from radio.sigfox.tag import uplink_tag
from radio.sigfox.uplink import (
    MessageType,
    Uplink,
    UplinkFrame,
    decode_body,
    decode_uplink,
    encode_uplink,
    verify_uplink,
)

CODES = [code for entry in FRAME_CLASSES.values() for code in entry.codes]
NAKS = st.binary(min_size=16, max_size=16)
RANKS = st.sampled_from((1, 2, 3))
WORD_16 = st.integers(0, 0xFFFF)
CONTROLS = st.builds(
    lambda idle, tx, warmth, rssi: Control(8 if rssi is None else 9, idle, tx, warmth, rssi),
    WORD_16,
    WORD_16,
    st.integers(-0x8000, 0x7FFF),
    st.none() | st.integers(-228, 27),
)
OPAQUE = st.binary(min_size=5, max_size=8).filter(lambda payload: parse_control(payload) is None)
CONTENTS = (
    st.sampled_from((MessageType.EMPTY, MessageType.BIT_FALSE, MessageType.BIT_TRUE)).map(
        lambda kind: (kind, b"")
    )
    | st.binary(min_size=1, max_size=12).map(lambda payload: (MessageType.BYTES, payload))
    | CONTROLS.map(
        lambda control: (
            MessageType.KEEP_ALIVE
            if control.rssi_dbm is None
            else MessageType.DOWNLINK_CONFIRMATION,
            control_payload(control),
        )
    )
    | OPAQUE.map(lambda payload: (MessageType.CONTROL, payload))
)
UPLINKS = st.builds(
    lambda device_id, seq_number, content, bidirectional, repeated: Uplink(
        device_id, seq_number, content[1], content[0], bidirectional, repeated
    ),
    st.integers(0, 2**32 - 1),
    st.integers(0, 4095),
    CONTENTS,
    st.booleans(),
    st.booleans(),
)
BITS = st.lists(st.integers(0, 1), max_size=300).map(lambda bits: np.array(bits, np.uint8))


def accepted(frame: UplinkFrame | Rejected) -> UplinkFrame:
    assert isinstance(frame, UplinkFrame)
    return frame


@given(UPLINKS, NAKS, RANKS)
def test_every_message_comes_back_from_its_bits(uplink: Uplink, nak: bytes, rank: int) -> None:
    frame = accepted(decode_uplink(encode_uplink(uplink, nak, rank)))
    assert (frame.uplink, frame.rank, frame.frame_type_errors) == (uplink, rank, 0)
    assert frame.packet.endswith(frame.tag)
    assert verify_uplink(frame, nak)
    assert not verify_uplink(frame, bytes(byte ^ 1 for byte in nak))


@given(UPLINKS, NAKS, RANKS, st.sets(st.integers(19, 31), max_size=2))
def test_two_wrong_bits_in_the_frame_type_are_repaired_and_counted(
    uplink: Uplink, nak: bytes, rank: int, wrong: set[int]
) -> None:
    bits = encode_uplink(uplink, nak, rank)
    bits[list(wrong)] ^= 1
    frame = accepted(decode_uplink(bits))
    assert (frame.uplink, frame.rank, frame.frame_type_errors) == (uplink, rank, len(wrong))


@given(UPLINKS, NAKS, RANKS, st.data())
def test_a_wrong_bit_in_the_body_is_seen(
    uplink: Uplink, nak: bytes, rank: int, data: st.DataObject
) -> None:
    bits = encode_uplink(uplink, nak, rank)
    bits[data.draw(st.integers(32, len(bits) - 1))] ^= 1
    assert decode_uplink(bits) == Rejected(Reason.CRC)


@given(BITS)
@example(np.zeros(0, np.uint8))
def test_any_bits_give_a_frame_or_a_reason(bits: Bits) -> None:
    assert isinstance(decode_uplink(bits), UplinkFrame | Rejected)
    assert isinstance(decode_downlink(bits, 1, 1), DownlinkFrame | Rejected)


@given(st.sampled_from(CODES), st.data())
def test_any_body_with_a_right_checksum_gives_a_frame_or_a_reason(
    code: int, data: st.DataObject
) -> None:
    frame_type = nearest_frame_type(code)
    assert frame_type is not None
    size = frame_type.frame_class.packet_bytes
    packet = data.draw(st.binary(min_size=size, max_size=size))
    body = bits_of(packet + crc16(packet).to_bytes(2, "big"))
    frame = decode_body(frame_type, convolution.encode(body, frame_type.rank))
    if isinstance(frame, Rejected):
        assert frame.reason is Reason.LENGTH_INDICATOR
    else:
        assert frame.packet == packet
        again = encode_uplink(frame.uplink, bytes(16), frame.rank)
        assert len(again) == frame_type.frame_class.total_bits


@pytest.mark.parametrize("first_byte", [0x40, 0x50, 0x60, 0x70])
def test_a_class_a_frame_with_the_unused_indicator_is_rejected(first_byte: int) -> None:
    packet = bytes([first_byte]) + bytes(7)
    body = bits_of(packet + crc16(packet).to_bytes(2, "big"))
    frame_type = nearest_frame_type(0x06B)
    assert frame_type is not None
    assert decode_body(frame_type, body) == Rejected(Reason.LENGTH_INDICATOR)


def test_frame_types_are_far_enough_apart_to_repair_two_bits() -> None:
    distances = [(a ^ b).bit_count() for a in CODES for b in CODES if a != b]
    assert len(set(CODES)) == 18
    assert min(distances) == 5


def test_every_word_within_two_bits_finds_its_frame_type_and_no_other_does() -> None:
    for word in range(1 << 13):
        distances = {code: (word ^ code).bit_count() for code in CODES}
        near = [code for code, distance in distances.items() if distance <= 2]
        match = nearest_frame_type(word)
        if match is None:
            assert near == []
        else:
            assert near == [match.frame_class.codes[match.rank - 1]]
            assert match.errors == distances[near[0]]


@pytest.mark.parametrize(
    ("name", "total"),
    [("A", 112), ("B", 120), ("C", 144), ("D", 176), ("E", 208), ("control", 176)],
)
def test_frames_have_the_published_lengths(name: str, total: int) -> None:
    assert {str(key): entry.total_bits for key, entry in FRAME_CLASSES.items()}[name] == total


@given(RANKS, st.integers(1, 5), st.integers(1, 190), st.integers(0, 2**32 - 1))
def test_coding_many_rows_is_coding_each_and_goes_back(
    rank: int, rows: int, columns: int, seed: int
) -> None:
    bits = np.random.default_rng(seed).integers(0, 2, (rows, columns), np.uint8)
    coded = convolution.encode(bits, rank)
    assert np.array_equal(convolution.decode(coded, rank), bits)
    assert np.array_equal(coded[0], convolution.encode(bits[0], rank))


def test_ranks_code_as_their_polynomials_say() -> None:
    one = np.array([1, 0, 0, 0, 0], np.uint8)
    assert [convolution.encode(one, rank).tolist() for rank in (1, 2, 3)] == [
        [1, 0, 0, 0, 0],
        [1, 1, 1, 0, 0],
        [1, 0, 1, 0, 0],
    ]


def test_checksums_have_their_catalogued_check_values() -> None:
    assert crc16(b"123456789") == 0xCE3C
    assert crc8(b"123456789") == 0x3E


@given(st.lists(st.binary(min_size=12, max_size=12), min_size=1, max_size=6), st.data())
def test_many_bodies_are_checked_as_each_alone(packets: list[bytes], data: st.DataObject) -> None:
    bodies = np.array([bits_of(p + crc16(p).to_bytes(2, "big")) for p in packets])
    assert crc16_fits(bodies).all()
    row = data.draw(st.integers(0, len(packets) - 1))
    bodies[row, data.draw(st.integers(0, bodies.shape[1] - 1))] ^= 1
    assert np.flatnonzero(~crc16_fits(bodies)).tolist() == [row]


def test_the_published_message_has_the_published_tag() -> None:
    nak = bytes.fromhex("479e4480fd7596d45b0122fd282db3cf")
    assert uplink_tag(bytes.fromhex("0088db334d0000000000"), nak, 2).hex() == "89b9"


@given(st.binary(max_size=30), st.integers(0, 31))
def test_words_and_bits_agree(data: bytes, cut: int) -> None:
    bits = bits_of(data)[: max(0, 8 * len(data) - cut)]
    assert np.array_equal(bits_of_word(word_of(bits), len(bits)), bits)
    assert bytes_of(bits_of(data)) == data


@given(CONTROLS)
def test_control_fields_come_back_from_their_payload(control: Control) -> None:
    assert parse_control(control_payload(control)) == control


@given(st.binary(max_size=12))
def test_any_control_payload_is_read_or_left_alone(payload: bytes) -> None:
    control = parse_control(payload)
    assert control is None or control_payload(control) == payload


@given(
    st.integers(0, 2**32 - 1),
    st.integers(0, 4095),
    st.binary(min_size=8, max_size=8),
    NAKS,
    st.integers(0, 112),
)
def test_a_downlink_survives_any_burst_of_eight_bits(
    device_id: int, seq_number: int, payload: bytes, nak: bytes, first: int
) -> None:
    bits = encode_downlink(Downlink(device_id, seq_number, payload), nak)
    bits[104 + first : 112 + first] ^= 1
    frame = decode_downlink(bits, device_id, seq_number)
    assert isinstance(frame, DownlinkFrame)
    assert (frame.downlink.payload, frame.corrected_bits) == (payload, 8)
    assert verify_downlink(frame, nak)


def test_a_downlink_with_a_wrecked_synchronisation_word_is_rejected() -> None:
    bits = encode_downlink(Downlink(1, 2, bytes(8)), bytes(16))
    bits[88:90] ^= 1
    assert isinstance(decode_downlink(bits, 1, 2), DownlinkFrame)
    bits[90] ^= 1
    assert decode_downlink(bits, 1, 2) == Rejected(Reason.SYNC)


def test_a_downlink_may_be_heard_from_any_bit_of_its_preamble() -> None:
    bits = encode_downlink(Downlink(1, 2, bytes(8)), bytes(16))
    for missed in [*range(89), 104]:
        assert isinstance(decode_downlink(bits[missed:], 1, 2), DownlinkFrame)
    for missed in [89, 103, 105, 224]:
        assert decode_downlink(bits[missed:], 1, 2) == Rejected(Reason.LENGTH)


@pytest.mark.parametrize("payload", [b"", bytes(7), bytes(9)])
def test_a_downlink_carries_eight_bytes(payload: bytes) -> None:
    with pytest.raises(UnsendableError, match=f"not {len(payload)}"):
        encode_downlink(Downlink(1, 2, payload), bytes(16))


@pytest.mark.parametrize(
    ("device_id", "seq_number", "nak_bytes", "rank", "place"),
    [
        (2**32, 0, 16, 1, "device_id"),
        (-1, 0, 16, 1, "device_id"),
        (0, 4096, 16, 1, "seq_number"),
        (0, 0, 15, 1, "nak"),
        (0, 0, 16, 4, "rank"),
    ],
)
def test_values_out_of_range_are_named(
    device_id: int, seq_number: int, nak_bytes: int, rank: int, place: str
) -> None:
    uplink = Uplink(device_id, seq_number, b"\x00", MessageType.BYTES)
    with pytest.raises(UnsendableError, match=place):
        encode_uplink(uplink, bytes(nak_bytes), rank)


@given(st.binary(min_size=11, max_size=11), st.integers(0, 119))
def test_one_wrong_bit_of_a_code_word_is_put_right(data: bytes, wrong: int) -> None:
    coded = bits_of(bch.protect(data))
    coded[wrong] ^= 1
    assert bch.correct(bytes_of(coded)) == bch.Corrected(data, 1)


@given(st.binary(max_size=40), st.integers(1, 511))
def test_whitening_twice_changes_nothing(data: bytes, seed: int) -> None:
    assert whitening.whiten(whitening.whiten(data, seed), seed) == data


def test_the_published_key_stream() -> None:
    seed = whitening.seed_of(0x004D33DB, 0x16B)
    assert seed == 0x189
    assert whitening.whiten(bytes(15), seed).hex() == "d5e364715cdf3f469d091905dbe83f"
    assert whitening.seed_of(512, 1) == 511
