"""`nap frames`: encode and decode frames, JSON Lines in and out, one answer for each line."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict
from typing import BinaryIO, Final

import msgspec

from nap.cli.frame_requests import (
    Answer,
    DecodeDownlink,
    DecodeRequest,
    DecodeUplink,
    Encoded,
    EncodeDownlink,
    EncodeRequest,
    EncodeUplink,
)
from radio.sigfox.bits import Bits, bits_of, bytes_of
from radio.sigfox.control import parse_control
from radio.sigfox.downlink import Downlink, decode_downlink, encode_downlink, verify_downlink
from radio.sigfox.rejected import Reason, Rejected
from radio.sigfox.sendable import UnsendableError
from radio.sigfox.uplink import (
    MessageType,
    Uplink,
    UplinkFrame,
    decode_uplink,
    encode_uplink,
    verify_uplink,
)

MALFORMED: Final = "malformed"
UNREADABLE: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
UNSENDABLE: Final = "unsendable"
# A request has a few hundred bytes; what never ends must not fill the memory.
LONGEST_LINE_BYTES: Final = 65_536
_WITH_FIELDS: Final = {MessageType.KEEP_ALIVE, MessageType.DOWNLINK_CONFIRMATION}


def configure(parser: argparse.ArgumentParser) -> None:
    """Add `decode` and `encode`."""
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    for name, answer, summary in (
        ("decode", decode_line, "read frames: {frame_hex, frame_bits, link, nak?, …} a line"),
        (
            "encode",
            encode_line,
            "make frames: {link, device_id, seq_number, nak, payload, …} a line",
        ),
    ):
        actions.add_parser(name, help=summary, description=summary).set_defaults(answer=answer)


def run(args: argparse.Namespace) -> int:
    """Answer every line of stdin on stdout until it ends."""
    answer: Callable[[bytes], Answer | Encoded] = args.answer
    for line in lines(sys.stdin.buffer):
        sys.stdout.buffer.write(msgspec.json.encode(answer(line)) + b"\n")
        # At once: whoever asks through a pipe may wait for it before asking again.
        sys.stdout.buffer.flush()
    return 0


def lines(source: BinaryIO) -> Iterator[bytes]:
    """Yield each line; one that is too long is cut short, which makes it malformed."""
    while line := source.readline(LONGEST_LINE_BYTES):
        rest = line
        while rest and not rest.endswith(b"\n"):
            rest = source.readline(LONGEST_LINE_BYTES)
        yield line


def decode_line(line: bytes) -> Answer:
    """What the frame in `line` says, or why it is none."""
    try:
        request = msgspec.json.decode(line, type=DecodeRequest)
    except UNREADABLE as error:
        return _refused(MALFORMED, error)
    bits = _bits(request.frame_hex, request.frame_bits)
    if bits is None:
        return Answer(
            ok=False,
            reason=Reason.LENGTH,
            detail=f"{len(request.frame_hex)} hex digits are not {request.frame_bits} bits",
        )
    if isinstance(request, DecodeUplink):
        return _decode_uplink(request, bits)
    return _decode_downlink(request, bits)


def encode_line(line: bytes) -> Answer | Encoded:
    """The frame that `line` asks for, or why there is none."""
    try:
        request = msgspec.json.decode(line, type=EncodeRequest)
        bits = _encode(request)
    except UnsendableError as error:
        return _refused(UNSENDABLE, error)
    except UNREADABLE as error:
        return _refused(MALFORMED, error)
    return Encoded(frame_hex=bytes_of(bits).hex(), frame_bits=len(bits))


def _refused(reason: str, error: Exception) -> Answer:
    return Answer(ok=False, reason=reason, detail=str(error))


def _bits(frame_hex: str, frame_bits: int | None) -> Bits | None:
    count = 4 * len(frame_hex) if frame_bits is None else frame_bits
    if len(frame_hex) not in {-(-count // 4), 2 * -(-count // 8)}:
        return None
    return bits_of(bytes.fromhex(frame_hex + "0" * (len(frame_hex) % 2)))[:count]


def _decode_uplink(request: DecodeUplink, bits: Bits) -> Answer:
    frame = decode_uplink(bits)
    if isinstance(frame, Rejected):
        return Answer(ok=False, reason=frame.reason)
    authenticated = (
        None if request.nak is None else verify_uplink(frame, bytes.fromhex(request.nak))
    )
    return _uplink_answer(frame, authenticated)


def _uplink_answer(frame: UplinkFrame, authenticated: bool | None) -> Answer:  # noqa: FBT001
    uplink = frame.uplink
    control: dict[str, int] | msgspec.UnsetType = msgspec.UNSET
    if uplink.message_type in _WITH_FIELDS and (fields := parse_control(uplink.payload)):
        control = {name: value for name, value in asdict(fields).items() if value is not None}
    return Answer(
        ok=authenticated is not False,
        reason=Reason.AUTHENTICATION if authenticated is False else msgspec.UNSET,
        device_id=f"{uplink.device_id:08x}",
        seq_number=uplink.seq_number,
        payload=uplink.payload.hex(),
        message_type=uplink.message_type,
        rank=frame.rank,
        bidirectional=uplink.bidirectional,
        repeated=uplink.repeated,
        authenticated=authenticated,
        frame_type_errors=frame.frame_type_errors,
        control=control,
    )


def _decode_downlink(request: DecodeDownlink, bits: Bits) -> Answer:
    device_id = int(request.device_id, 16)
    frame = decode_downlink(bits, device_id, request.seq_number)
    if isinstance(frame, Rejected):
        return Answer(ok=False, reason=frame.reason)
    authenticated = (
        None if request.nak is None else verify_downlink(frame, bytes.fromhex(request.nak))
    )
    return Answer(
        ok=authenticated is not False,
        reason=Reason.AUTHENTICATION if authenticated is False else msgspec.UNSET,
        device_id=f"{device_id:08x}",
        seq_number=request.seq_number,
        payload=frame.downlink.payload.hex(),
        authenticated=authenticated,
        corrected_bits=frame.corrected_bits,
    )


def _encode(request: EncodeUplink | EncodeDownlink) -> Bits:
    device_id, nak = int(request.device_id, 16), bytes.fromhex(request.nak)
    payload = bytes.fromhex(request.payload)
    if isinstance(request, EncodeDownlink):
        return encode_downlink(Downlink(device_id, request.seq_number, payload), nak)
    uplink = Uplink(
        device_id=device_id,
        seq_number=request.seq_number,
        payload=payload,
        message_type=request.message_type or (MessageType.BYTES if payload else MessageType.EMPTY),
        bidirectional=bool(request.bidirectional),
        repeated=bool(request.repeated),
    )
    return encode_uplink(uplink, nak, request.rank or 1)
