"""Which messages were passed on in the last weeks, so that a clip decoded again makes no copies.

    number u64 | time f64 | digest 16 | CRC-32       the newest over the oldest, 16 384 of them

A note is written when its message is safe in the spool; a kill between the two may make a copy,
which the cloud knows by its time and content.
"""

from __future__ import annotations

import logging
import os
import struct
import zlib
from contextlib import suppress
from pathlib import Path
from typing import Final

from nap.message_digest import DIGEST_BYTES, message_digest
from radio.events import FrameHeard
from radio.iso_time import parse_iso_utc

_log = logging.getLogger(__name__)

ENTRIES: Final = 16_384
"""Three weeks of what a box is rated for."""
SAME_MESSAGE_S: Final = 120.0
"""Replicas lie closer; a counter that has rolled over comes back later."""
_ENTRY: Final = struct.Struct(f">Qd{DIGEST_BYTES}s")
_CRC: Final = struct.Struct(">I")
_SIZE: Final = _ENTRY.size + _CRC.size
_NO_TIME: Final = 0.0


class RelayedKeys:
    """The log as read at one moment, and what was passed on since."""

    def __init__(self) -> None:
        self._times: dict[bytes, list[float]] = {}

    def note(self, frame: FrameHeard) -> None:
        """The message of this frame was passed on."""
        self.add(message_digest(frame), _received_s(frame))

    def add(self, digest: bytes, received_s: float) -> None:
        """A message was passed on that was received at this time, s since 1970."""
        self._times.setdefault(digest, []).append(received_s)

    def knows(self, frame: FrameHeard) -> bool:
        """Whether the message of this frame was passed on; where a time is missing, whenever."""
        at = _received_s(frame)
        return any(
            _NO_TIME in {at, known} or abs(at - known) <= SAME_MESSAGE_S
            for known in self._times.get(message_digest(frame), ())
        )


class RelayedLog:
    """Belongs to the event loop, but for `read`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None
        self._count = 0

    def open(self) -> None:
        """Go on behind the newest note; without the file late copies may be made."""
        try:
            self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o640)
        except OSError as error:
            _log.warning("late messages may be copies: %s", error)
            return
        self._count = max((number + 1 for number, _, _ in self._notes()), default=0)

    def add(self, frame: FrameHeard) -> None:
        """The message of this frame was passed on."""
        if self._descriptor is None:
            return
        entry = _ENTRY.pack(self._count, _received_s(frame), message_digest(frame))
        with suppress(OSError):
            block = entry + _CRC.pack(zlib.crc32(entry))
            os.pwrite(self._descriptor, block, self._count % ENTRIES * _SIZE)
        self._count += 1

    def read(self) -> RelayedKeys:
        """All that is known; takes a moment, better not on the loop."""
        keys = RelayedKeys()
        for _, digest, received_s in self._notes():
            keys.add(digest, received_s)
        return keys

    def close(self) -> None:
        """Let go of the file; it stays."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _notes(self) -> list[tuple[int, bytes, float]]:
        """Number, digest and time of every note that is whole."""
        if self._descriptor is None:
            return []
        try:
            content = os.pread(self._descriptor, ENTRIES * _SIZE, 0)
        except OSError as error:
            _log.warning("late messages may be copies: %s", error)
            return []
        notes = []
        for at in range(0, len(content) - _SIZE + 1, _SIZE):
            entry, crc = content[at : at + _ENTRY.size], content[at + _ENTRY.size : at + _SIZE]
            if crc == _CRC.pack(zlib.crc32(entry)):
                number, received_s, digest = _ENTRY.unpack(entry)
                notes.append((number, digest, received_s))
        return notes


def _received_s(frame: FrameHeard) -> float:
    if frame.received_utc is None:
        return _NO_TIME
    return parse_iso_utc(frame.received_utc).timestamp()
