"""The airtime ledger on disk, written before each transmission.

    CCCCCCCC {"boot_id": …, "at": …, "spent": {…}}
    C  CRC-32 of the rest, hex

A power cut leaves the old file or the new one. What cannot be read is taken as a full hour.
"""

from __future__ import annotations

import logging
import os
import zlib
from pathlib import Path
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct

from radio.downlink.airtime import AirtimeLedger, Spent

log = logging.getLogger(__name__)

BOOT_ID: Final = Path("/proc/sys/kernel/random/boot_id")
_LONGEST_BYTES: Final = 100_000
_Seconds = Annotated[float, Meta(ge=-1e12, le=1e12)]
_Airtime = Annotated[float, Meta(ge=0, le=1e6)]


class _Record(Struct, frozen=True, forbid_unknown_fields=True):
    """Times are those of the monotonic clock of the boot `boot_id`."""

    boot_id: str
    at: _Seconds
    spent: dict[str, list[tuple[_Seconds, _Seconds, _Airtime]]]


class AirtimeFile:
    """Loads and saves the ledger."""

    def __init__(self, path: Path, boot_id_path: Path = BOOT_ID) -> None:
        self._path, self._boot_id_path = path, boot_id_path

    def load(self, now: float) -> AirtimeLedger:
        """The ledger at `now` (monotonic seconds); a full hour where the file cannot be read.

        After a reboot the clock starts anew, and how long the machine was off is not known for
        sure: then no time has passed for the ledger since the last transmission.
        """
        try:
            text = self._path.read_bytes()
        except FileNotFoundError:
            return AirtimeLedger()
        except OSError as error:
            return self._worst(str(error.strerror), now)
        try:
            record = _parsed(text)
        except (ValueError, RecursionError) as error:
            return self._worst(str(error), now)
        ledger = AirtimeLedger(
            {zone: [Spent(*one) for one in entries] for zone, entries in record.spent.items()}
        )
        same_clock = record.boot_id == self._boot_id() != "" and record.at <= now
        return ledger if same_clock else ledger.shifted(now - record.at)

    def content(self, ledger: AirtimeLedger, now: float) -> bytes:
        """The file that keeps `ledger` as it is at `now`."""
        spent = {
            zone: [(one.first_s, one.last_s, one.airtime_s) for one in entries]
            for zone, entries in ledger.spent(now).items()
        }
        body = msgspec.json.encode(_Record(self._boot_id(), now, spent))
        return b"%08x %s\n" % (zlib.crc32(body), body)

    def write(self, content: bytes) -> None:
        """Replace the file durably.

        Raises:
            OSError: the file is as it was.
        """
        aside = self._path.with_name(self._path.name + ".new")
        with aside.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(self._path)
        folder = os.open(self._path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _worst(self, problem: str, now: float) -> AirtimeLedger:
        log.error("airtime file %s: %s; nothing is transmitted for an hour", self._path, problem)
        ledger = AirtimeLedger.exhausted(now)
        try:
            # A restart must not begin the hour anew, nor find the same damage again.
            self.write(self.content(ledger, now))
        except OSError as error:
            log.warning("airtime file %s: %s", self._path, error.strerror)
        return ledger

    def _boot_id(self) -> str:
        try:
            return self._boot_id_path.read_text(errors="replace").strip()
        except OSError:
            return ""


def _parsed(text: bytes) -> _Record:
    """Raise ValueError for anything that `content` did not make."""
    if len(text) > _LONGEST_BYTES:
        raise ValueError("too long")
    check, _, body = text.removesuffix(b"\n").partition(b" ")
    if check != b"%08x" % zlib.crc32(body):
        raise ValueError("damaged: its checksum does not fit")
    # msgspec's errors are ValueErrors.
    return msgspec.json.decode(body, type=_Record)
