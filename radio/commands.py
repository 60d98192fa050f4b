"""What the gateway tells the running radio worker: one JSON object a line, after the settings."""

from __future__ import annotations

from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta, Struct

from radio.lines import Lines, Overlong

LONGEST_COMMAND_BYTES: Final = 4_096
"""Ten times the longest; more is no command, and must not fill the memory."""

# Lengths are told apart from patterns: `$` also fits before a line feed at the end.
CommandId = Annotated[str, Meta(pattern=r"^[A-Za-z0-9._:-]+$", min_length=1, max_length=64)]
DeviceId = Annotated[str, Meta(pattern="^[0-9a-f]{8}$", max_length=8)]
SequenceNumber = Annotated[int, Meta(ge=0, le=4095)]
PayloadHex = Annotated[str, Meta(pattern="^[0-9a-f]{16}$", max_length=16)]
TagHex = Annotated[str, Meta(pattern="^[0-9a-f]{4}$", max_length=4)]
Priority = Annotated[int, Meta(ge=0, le=9)]
State = Literal["active", "muted", "deactivated", "disabled"]
"""Operating state of the box; only an active one transmits."""


class Transmit(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="transmit"):
    """Answer an uplink that this receiver heard.

    Attributes:
        id: Comes back in every event about it.
        device_id: 8 lower-case hex digits, most significant first.
        seq_number: Of the uplink that asked.
        payload: 8 bytes as hex.
        tag: 2 bytes as hex; the network makes them, for the key is not here.
        priority: Where two want the same time, the higher goes first.
    """

    id: CommandId
    device_id: DeviceId
    seq_number: SequenceNumber
    payload: PayloadHex
    tag: TagHex
    priority: Priority = 5


class SetState(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="state"):
    """The operating state has changed; at once nothing is transmitted unless it is active."""

    state: State


class KeepClip(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="keep_clip"):
    """Keep the last samples as a clip.

    Attributes:
        id: Comes back when it is written.
        seconds: How many, as far back as the samples in memory reach.
    """

    id: CommandId
    seconds: Annotated[float, Meta(gt=0, le=3600)]


Command = Transmit | SetState | KeepClip
"""Every command; more kinds are more members of this union."""


class CommandReader:
    """Turn the bytes of a pipe into commands. Feed any chunk size; the result is the same."""

    def __init__(self) -> None:
        self._lines = Lines(LONGEST_COMMAND_BYTES)
        self._decoder: msgspec.json.Decoder[Command] = msgspec.json.Decoder(Command)

    def feed(self, data: bytes) -> list[Command | UnfitCommand]:
        """Take what was read; return what it completed."""
        return [self._read(line) for line in self._lines.feed(data)]

    def _read(self, line: bytes | Overlong) -> Command | UnfitCommand:
        if isinstance(line, Overlong):
            return UnfitCommand(f"longer than {LONGEST_COMMAND_BYTES} bytes")
        try:
            return self._decoder.decode(line)
        # Deep nesting ends in RecursionError.
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            return UnfitCommand(str(error))


class UnfitCommand(Struct, frozen=True):
    """A line that is no command, and why; the next one may be one again."""

    reason: str
