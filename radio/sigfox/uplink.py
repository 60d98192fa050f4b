"""Uplink frames: a device's message as bits, and back.

    preamble 19 | frame type 13 | LI 2 | BF 1 | REP 1 | MC 12 | ID 32 | payload | tag | CRC 16
                                |<------------------ packet ------------------->|
                                |<----------------------- body ----------------------->|
    LI  length indicator: bytes of payload missing from the most that the class takes;
        in class A what the message says: 0 nothing, 2 false, 3 true
    BF  a downlink is asked for
    REP sent by a repeater
    MC  sequence number
    ID  device, least significant byte first
    tag 2 bytes, and LI more in the classes where LI is a length: all frames of a class are equal

Rank 1 sends the body as it is; ranks 2 and 3 send it coded.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np

from radio.sigfox import control, convolution
from radio.sigfox.bits import Bits, bits_of, bits_of_word, bytes_of, word_of
from radio.sigfox.crc import crc16
from radio.sigfox.frame_type import (
    FRAME_CLASSES,
    FRAME_TYPE_BITS,
    HEADER_BITS,
    PREAMBLE_BITS,
    RANKS,
    ClassName,
    FrameClass,
    FrameTypeMatch,
    nearest_frame_type,
)
from radio.sigfox.rejected import Reason, Rejected
from radio.sigfox.sendable import SEQ_NUMBERS, UnsendableError, require, require_address
from radio.sigfox.tag import tags_equal, uplink_tag

PREAMBLE: Final[Bits] = (np.arange(PREAMBLE_BITS) % 2 == 0).astype(np.uint8)
_HEADER_BYTES: Final = 6
_SHORTEST_TAG_BYTES: Final = 2


class MessageType(StrEnum):
    """What a message is."""

    EMPTY = "empty"
    BIT_FALSE = "bit_false"
    BIT_TRUE = "bit_true"
    BYTES = "bytes"
    KEEP_ALIVE = "keep_alive"
    DOWNLINK_CONFIRMATION = "downlink_confirmation"
    CONTROL = "control"
    """A control message of a type whose format is not public."""


_INDICATOR_OF_TYPE: Final = {
    MessageType.EMPTY: 0,
    MessageType.BIT_FALSE: 2,
    MessageType.BIT_TRUE: 3,
}
_TYPE_OF_INDICATOR: Final = {indicator: kind for kind, indicator in _INDICATOR_OF_TYPE.items()}
_APPLICATION_CLASSES: Final = {
    length: frame_class
    for name, frame_class in FRAME_CLASSES.items()
    if name not in {ClassName.A, ClassName.CONTROL}
    for length in frame_class.payload_bytes
}


@dataclass(frozen=True, slots=True)
class Uplink:
    """One message of a device.

    Attributes:
        device_id: 32 bits.
        seq_number: 12 bits.
        payload: 0 to 12 application bytes, or 5 to 8 control bytes with their type byte.
        bidirectional: The device waits for a downlink.
        repeated: A repeater sent it.
    """

    device_id: int
    seq_number: int
    payload: bytes
    message_type: MessageType
    bidirectional: bool = False
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class UplinkFrame:
    """A frame whose checksum fits.

    Attributes:
        uplink: What it says.
        rank: 1, 2 or 3.
        packet: Un-coded bytes from the length indicator to the tag.
        tag: The last bytes of the packet, 2 to 5.
        frame_type_errors: Bits repaired in the frame type.
    """

    uplink: Uplink
    rank: int
    packet: bytes
    tag: bytes
    frame_type_errors: int


def encode_uplink(uplink: Uplink, nak: bytes, rank: int) -> Bits:
    """The bits of one frame, from the first of the preamble to the last of the CRC.

    Raises:
        UnsendableError: a value is out of range, or payload and message type do not agree.
    """
    require_address(uplink.device_id, uplink.seq_number, nak)
    require(rank in RANKS, f"rank {rank} is not 1, 2 or 3")
    frame_class = _class_of(uplink)
    packet = _packet(uplink, nak, frame_class)
    body = bits_of(packet + crc16(packet).to_bytes(2, "big"))
    frame_type = bits_of_word(frame_class.codes[rank - 1], FRAME_TYPE_BITS)
    return np.concatenate((PREAMBLE, frame_type, convolution.encode(body, rank)))


def decode_uplink(bits: Bits) -> UplinkFrame | Rejected:
    """Read a whole frame, from the first preamble bit to the last of the CRC and no further.

    The preamble itself is not compared: what follows it is protected far better.
    """
    if len(bits) < HEADER_BITS:
        return Rejected(Reason.LENGTH)
    frame_type = nearest_frame_type(word_of(bits[PREAMBLE_BITS:HEADER_BITS]))
    if frame_type is None:
        return Rejected(Reason.FRAME_TYPE)
    return decode_body(frame_type, bits[HEADER_BITS:])


def decode_body(frame_type: FrameTypeMatch, body: Bits) -> UplinkFrame | Rejected:
    """Read what follows the frame type, still coded as its rank is."""
    frame_class = frame_type.frame_class
    if len(body) != frame_class.body_bits:
        return Rejected(Reason.LENGTH)
    data = bytes_of(convolution.decode(body, frame_type.rank))
    packet = data[: frame_class.packet_bytes]
    if crc16(packet) != int.from_bytes(data[frame_class.packet_bytes :], "big"):
        return Rejected(Reason.CRC)
    return _split(packet, frame_type)


def verify_uplink(frame: UplinkFrame, nak: bytes) -> bool:
    """True when the frame's tag was made with `nak` (16 bytes)."""
    message = frame.packet[: -len(frame.tag)]
    return tags_equal(frame.tag, uplink_tag(message, nak, len(frame.tag)))


def _class_of(uplink: Uplink) -> FrameClass:
    length = len(uplink.payload)
    match uplink.message_type:
        case MessageType.EMPTY | MessageType.BIT_FALSE | MessageType.BIT_TRUE if length == 0:
            return FRAME_CLASSES[ClassName.A]
        case MessageType.BYTES if length in _APPLICATION_CLASSES:
            return _APPLICATION_CLASSES[length]
        case _ if length and uplink.message_type == _control_type(uplink.payload):
            return FRAME_CLASSES[ClassName.CONTROL]
    msg = f"no frame for {length} bytes of payload as {uplink.message_type}"
    raise UnsendableError(msg)


def _control_type(payload: bytes) -> MessageType | None:
    if len(payload) not in FRAME_CLASSES[ClassName.CONTROL].payload_bytes:
        return None
    fields = control.parse_control(payload)
    if fields is None:
        return MessageType.CONTROL
    if fields.rssi_dbm is None:
        return MessageType.KEEP_ALIVE
    return MessageType.DOWNLINK_CONFIRMATION


def _packet(uplink: Uplink, nak: bytes, frame_class: FrameClass) -> bytes:
    spare = frame_class.payload_bytes[-1] - len(uplink.payload)
    indicator = _INDICATOR_OF_TYPE.get(uplink.message_type, spare)
    flags = indicator << 2 | uplink.bidirectional << 1 | uplink.repeated
    message = (
        (flags << 12 | uplink.seq_number).to_bytes(2, "big")
        + uplink.device_id.to_bytes(4, "little")
        + uplink.payload
    )
    return message + uplink_tag(message, nak, _SHORTEST_TAG_BYTES + spare)


def _split(packet: bytes, frame_type: FrameTypeMatch) -> UplinkFrame | Rejected:
    frame_class = frame_type.frame_class
    indicator = packet[0] >> 6
    spare = 0 if frame_class.name == ClassName.A else indicator
    length = frame_class.payload_bytes[-1] - spare
    payload = packet[_HEADER_BYTES : _HEADER_BYTES + length]
    message_type = _message_type(frame_class, indicator, payload)
    if message_type is None or length not in frame_class.payload_bytes:
        return Rejected(Reason.LENGTH_INDICATOR)
    uplink = Uplink(
        device_id=int.from_bytes(packet[2:_HEADER_BYTES], "little"),
        seq_number=int.from_bytes(packet[:2], "big") % SEQ_NUMBERS,
        payload=payload,
        message_type=message_type,
        bidirectional=bool(packet[0] & 0x20),
        repeated=bool(packet[0] & 0x10),
    )
    tag = packet[_HEADER_BYTES + length :]
    return UplinkFrame(uplink, frame_type.rank, packet, tag, frame_type.errors)


def _message_type(frame_class: FrameClass, indicator: int, payload: bytes) -> MessageType | None:
    if frame_class.name == ClassName.A:
        return _TYPE_OF_INDICATOR.get(indicator)
    if frame_class.name == ClassName.CONTROL:
        return _control_type(payload)
    return MessageType.BYTES
