"""What `nap frames` reads and writes, one JSON object a line."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from radio.sigfox.uplink import MessageType

# \Z, not $: that would let a line end follow, which is no digit.
FrameHex = Annotated[str, Meta(pattern=r"^[0-9a-fA-F]*\Z", max_length=1024)]
FrameBits = Annotated[int, Meta(ge=0, le=4096)]
DeviceId = Annotated[str, Meta(pattern=r"^[0-9a-fA-F]{1,8}\Z")]
SequenceNumber = Annotated[int, Meta(ge=0, le=4095)]
NakHex = Annotated[str, Meta(pattern=r"^[0-9a-fA-F]{32}\Z")]
PayloadHex = Annotated[str, Meta(pattern=r"^([0-9a-fA-F]{2})*\Z", max_length=64)]


class DecodeUplink(Struct, frozen=True, kw_only=True, tag_field="link", tag="uplink"):
    """A device's frame; all of `frame_hex` where `frame_bits` is not given."""

    frame_hex: FrameHex
    frame_bits: FrameBits | None = None
    nak: NakHex | None = None


class DecodeDownlink(Struct, frozen=True, kw_only=True, tag_field="link", tag="downlink"):
    """A base station's frame: 224 bits, or fewer at the front, down to the last 120."""

    frame_hex: FrameHex
    device_id: DeviceId
    seq_number: SequenceNumber
    frame_bits: FrameBits | None = None
    nak: NakHex | None = None


class EncodeUplink(Struct, frozen=True, kw_only=True, tag_field="link", tag="uplink"):
    """A device's message; without a type, `bytes` where there is a payload, else `empty`."""

    device_id: DeviceId
    seq_number: SequenceNumber
    nak: NakHex
    payload: PayloadHex = ""
    message_type: MessageType | None = None
    rank: Literal[1, 2, 3] | None = None
    bidirectional: bool | None = None
    repeated: bool | None = None


class EncodeDownlink(Struct, frozen=True, kw_only=True, tag_field="link", tag="downlink"):
    """Eight bytes for a device that asked with `seq_number`."""

    device_id: DeviceId
    seq_number: SequenceNumber
    nak: NakHex
    payload: PayloadHex


DecodeRequest = DecodeUplink | DecodeDownlink
EncodeRequest = EncodeUplink | EncodeDownlink


class Encoded(Struct, frozen=True, kw_only=True):
    """A frame: bits as hex, the first bit leftmost."""

    frame_hex: str
    frame_bits: int


class Answer(Struct, frozen=True, kw_only=True):
    """What a frame says (`ok`), or the reason why it does not count.

    Attributes:
        authenticated: Whether the tag fits `nak`; null where none was given.
        detail: For people: what is wrong with the line and where.
    """

    ok: bool
    reason: str | UnsetType = UNSET
    detail: str | UnsetType = UNSET
    device_id: str | UnsetType = UNSET
    seq_number: int | UnsetType = UNSET
    payload: str | UnsetType = UNSET
    message_type: MessageType | UnsetType = UNSET
    rank: int | UnsetType = UNSET
    bidirectional: bool | UnsetType = UNSET
    repeated: bool | UnsetType = UNSET
    authenticated: bool | UnsetType | None = UNSET
    frame_type_errors: int | UnsetType = UNSET
    corrected_bits: int | UnsetType = UNSET
    control: dict[str, int] | UnsetType = UNSET
