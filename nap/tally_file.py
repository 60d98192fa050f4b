"""The ledger's counts beside the process, on a memory disk: they outlive a kill, not a power cut.

The spool holds the counts too, as of its last commit. What was heard after that commit and died
with the process is the difference: with it those frames can be counted as lost.
"""

from __future__ import annotations

import logging
import os
import struct
import zlib
from contextlib import suppress
from pathlib import Path
from typing import Final

from nap.ledger import Ledger

_log = logging.getLogger(__name__)

_NAMES: Final = Ledger.__slots__
_COUNTS: Final = struct.Struct(f">16s{len(_NAMES)}Q")
_CRC: Final = struct.Struct(">I")


class TallyFile:
    """One block, written over at every frame: well below a microsecond per count."""

    def __init__(self, path: Path, epoch: str) -> None:
        self._path = path
        self._epoch = epoch.encode()
        self._descriptor: int | None = None

    def read(self) -> dict[str, int]:
        """The counts written last for this spool; empty where there are none."""
        try:
            content = self._path.read_bytes()
        except OSError:
            return {}
        counts, crc = content[: _COUNTS.size], content[_COUNTS.size :]
        if crc != _CRC.pack(zlib.crc32(counts)) or len(counts) != _COUNTS.size:
            return {}
        epoch, *values = _COUNTS.unpack(counts)
        return dict(zip(_NAMES, values, strict=True)) if epoch == self._epoch else {}

    def open(self) -> None:
        """Make ready for writing; without the file only kills are counted less exactly."""
        try:
            self._descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT, 0o640)
        except OSError as error:
            _log.warning("frames in memory at a kill will not be counted as lost: %s", error)

    def write(self, ledger: Ledger) -> None:
        """Put the counts there, in one piece."""
        if self._descriptor is None:
            return
        counts = _COUNTS.pack(self._epoch, *ledger.values().values())
        with suppress(OSError):
            os.pwrite(self._descriptor, counts + _CRC.pack(zlib.crc32(counts)), 0)

    def close(self) -> None:
        """Let go of the file; it stays."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
