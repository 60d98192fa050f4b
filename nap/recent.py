"""Messages that are safe already, noted for the process that follows a kill.

A message is sent three times within seconds. A gateway that is killed and started between two
replicas would take the later one for a new message. Only what the spool has confirmed is noted:
a message that died in memory must be rescued by its next replica, not mistaken for a copy.
"""

from __future__ import annotations

import logging
import os
import struct
import zlib
from contextlib import suppress
from pathlib import Path
from typing import Final

from nap.combine import REMEMBER_S
from nap.message_digest import DIGEST_BYTES, message_digest
from radio.events import FrameHeard

_log = logging.getLogger(__name__)

_ENTRY: Final = struct.Struct(f">d{DIGEST_BYTES}s")
_CRC: Final = struct.Struct(">I")
_SIZE: Final = _ENTRY.size + _CRC.size
ENTRIES: Final = 4096
"""A ring: more messages than can be heard in the time that they are remembered."""


class RecentMessages:
    """A ring on a memory disk.

    Times are of the system's monotonic clock, which all processes share until the next boot; that
    empties a memory disk as well.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None
        self._count = 0
        self._before: dict[bytes, float] = {}

    def open(self) -> None:
        """Take over what the last process noted; without the file a kill may make copies."""
        try:
            self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o640)
            content = os.pread(self._descriptor, ENTRIES * _SIZE, 0)
        except OSError as error:
            _log.warning("a kill may make copies of messages under way: %s", error)
            return
        newest = 0.0
        for at in range(0, len(content) - _SIZE + 1, _SIZE):
            entry, crc = content[at : at + _ENTRY.size], content[at + _ENTRY.size : at + _SIZE]
            if crc == _CRC.pack(zlib.crc32(entry)):
                heard_at, digest = _ENTRY.unpack(entry)
                self._before[digest] = heard_at
                if heard_at >= newest:
                    newest, self._count = heard_at, at // _SIZE + 1

    def knows(self, frame: FrameHeard, now: float) -> bool:
        """Whether the last process had made this message safe, not long ago."""
        if not self._before:
            return False
        return 0.0 <= now - self._before.get(message_digest(frame), -REMEMBER_S) < REMEMBER_S

    def add(self, frame: FrameHeard, now: float) -> None:
        """This message is safe."""
        if self._descriptor is None:
            return
        entry = _ENTRY.pack(now, message_digest(frame))
        with suppress(OSError):
            block = entry + _CRC.pack(zlib.crc32(entry))
            os.pwrite(self._descriptor, block, self._count % ENTRIES * _SIZE)
        self._count += 1

    def close(self) -> None:
        """Let go of the file; it stays."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
