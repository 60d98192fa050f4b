"""Where records lie: in the file, or in memory until the disk takes them."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from nap.durable_file import sync_folder
from nap.spool.bounds import Stored
from nap.spool.errors import DamagedError, DiskRefusesError, SpoolInUseError
from nap.spool.file import SpoolFile
from nap.spool.intervals import IntervalSet
from nap.spool.rows import Row

_log = logging.getLogger(__name__)

_SET_ASIDE_KEPT: Final = 3
"""Damaged files kept for a look; more would fill the disk of a box whose flash is dying."""


class Shelf:
    """The file with the rows that it does not have yet.

    Attributes:
        held: Rows to be written, rising; all newer than those in the file.
        held_bytes: Their room.
        durable_head: Records up to this number that are needed are in the file.
        records: How many records there are, in the file and held.
        bytes: Their room.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.held: dict[int, Row] = {}
        self.held_bytes = 0
        self.durable_head = 0
        self.records = 0
        self.bytes = 0
        self._file: SpoolFile | None = None
        self._gone = IntervalSet()
        self._damaged = False

    @property
    def rewriting(self) -> bool:
        """The file is not in use; all of the log is in memory, to go into a new file."""
        return self._file is None

    def use(self, file: SpoolFile, durable_head: int, records: int, size: int) -> None:
        """Work with a file that was found right."""
        self._file, self.durable_head = file, durable_head
        self.records, self.bytes = records, size

    def hold_all(self, rows: Iterable[Row], *, damaged: bool) -> None:
        """Work from memory; the next write makes a new file of it all.

        A damaged file is then set aside; an intact one that could only be read is replaced.
        """
        if self._file is not None:
            with suppress(DiskRefusesError, DamagedError, SpoolInUseError):
                self._file.close()
        self._file, self._damaged, self.durable_head = None, damaged, 0
        self._gone = IntervalSet()
        self.held = {row.number: row for row in sorted(rows, key=lambda row: row.number)}
        self.held_bytes = self.bytes = sum(row.size for row in self.held.values())
        self.records = len(self.held)

    def add(self, row: Row) -> None:
        """Hold one more record; its number is above all others."""
        self.held[row.number] = row
        self.held_bytes += row.size
        self.bytes += row.size
        self.records += 1

    def read(self, first: int, last: int, limit: int) -> list[Row]:
        """Up to `limit` records of first…last, rising."""
        rows: list[Row] = []
        if self._file and first <= self.durable_head:
            rows = self._file.read(first, min(last, self.durable_head), limit)
        return rows + list(itertools.islice(self._held(first, last), limit - len(rows)))

    def tally(self, first: int, last: int) -> dict[int, tuple[int, int]]:
        """Count and bytes of the records in first…last, by kind code."""
        found: dict[int, tuple[int, int]] = {}
        if self._file and first <= self.durable_head:
            found = self._file.tally(first, min(last, self.durable_head))
        for row in self._held(first, last):
            count, size = found.get(row.kind, (0, 0))
            found[row.kind] = count + 1, size + row.size
        return found

    def oldest(self, after: int, limit: int) -> list[Stored]:
        """What to know of the first records above `after`."""
        stored: list[Stored] = []
        while self._file and not stored:
            found = self._file.oldest(after, self.durable_head, limit)
            if not found:
                break
            # Off the shelf, but still in a file that cannot be written at the moment.
            stored = [one for one in found if one.number not in self._gone]
            after = found[-1].number
        held = (Stored(r.number, r.kind, r.put_ms, r.size) for r in self.held.values())
        return stored + list(itertools.islice(held, limit - len(stored)))

    def forget(self, first: int, last: int) -> None:
        """Take records off the shelf; from the file with the next write."""
        for count, size in self.tally(first, last).values():
            self.records -= count
            self.bytes -= size
        for row in list(self._held(first, last)):
            del self.held[row.number]
            self.held_bytes -= row.size
        if first <= self.durable_head:
            self._gone.add(first, min(last, self.durable_head))

    def write(
        self, head: int, notes: Iterable[Row], forgotten_slots: Iterable[int], wall_ms: int
    ) -> None:
        """Bring the file up to memory in one transaction.

        `notes` have to be complete while `rewriting`.

        Raises:
            DiskRefusesError, DamagedError, SpoolInUseError: nothing changed.
        """
        if self._file is None:
            self._rewrite(notes, wall_ms)
        else:
            self._file.write(
                gone=list(self._gone),
                records=self.held.values(),
                notes=notes,
                forgotten_slots=forgotten_slots,
            )
        self.held.clear()
        self.held_bytes = 0
        self._gone = IntervalSet()
        self.durable_head = head

    def checkpoint(self) -> None:
        """Bring the write-ahead log into the file proper."""
        if self._file:
            self._file.checkpoint()

    def close(self) -> None:
        """Give the file back."""
        if self._file:
            self._file.close()

    def _held(self, first: int, last: int) -> Iterable[Row]:
        if last <= self.durable_head:
            return
        for number, row in self.held.items():
            if number > last:
                return
            if number >= first:
                yield row

    def _rewrite(self, notes: Iterable[Row], wall_ms: int) -> None:
        new = rewritten(self.path)
        try:
            _remove(new)
            file = SpoolFile(new)
            try:
                file.write(gone=(), records=self.held.values(), notes=notes, forgotten_slots=())
            finally:
                file.close()
            old = set_aside(self.path, wall_ms)
            swap_in(self.path)
            if self._damaged:
                _log.error("spool: the damaged file is kept as %s", old)
            else:
                _remove(old)
            self._damaged = False
            _remove_all_but_newest(files_set_aside(self.path))
        except OSError as error:
            raise DiskRefusesError(str(error)) from error
        self._file = SpoolFile(self.path)


def rewritten(path: Path) -> Path:
    """Where the new file lies until it is complete."""
    return path.with_name(path.name + ".new")


def finish_rewrite(path: Path) -> None:
    """Complete what a process that died while it replaced the file left half done."""
    new = rewritten(path)
    if path.exists() or not new.exists():
        return
    # The old file leaves its place only after the new one was complete; but where there never was
    # an old one, the new one may be empty.
    file = SpoolFile(new)
    complete = bool(file.notes())
    file.close()
    if complete:
        swap_in(path)


def swap_in(path: Path) -> None:
    """Put the complete new file in the place that the old one has left."""
    path.with_name(path.name + "-wal").unlink(missing_ok=True)
    rewritten(path).replace(path)
    sync_folder(path.parent)


def set_aside(path: Path, wall_ms: int) -> Path:
    """Move the file to a name with the time. The log follows the file: see `finish_rewrite`."""
    at = datetime.fromtimestamp(wall_ms / 1000, UTC)
    name = f"{path.stem}.damaged-{at:%Y%m%dT%H%M%S}.{wall_ms % 1000:03d}Z{path.suffix}"
    aside = path.with_name(name)
    for suffix in ("", "-wal"):
        old = path.with_name(path.name + suffix)
        if old.exists():
            old.replace(aside.with_name(name + suffix))
    return aside


def files_set_aside(path: Path) -> list[Path]:
    """Damaged files kept, oldest first."""
    return sorted(path.parent.glob(f"{path.stem}.damaged-*{path.suffix}"))


def _remove_all_but_newest(files: list[Path]) -> None:
    for old in files[:-_SET_ASIDE_KEPT]:
        _remove(old)


def _remove(path: Path) -> None:
    for suffix in ("", "-wal", "-shm", "-journal"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
