"""The spool file: SQLite with write-ahead log, every commit synced, one connection, one owner."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from nap.spool.bounds import Stored
from nap.spool.errors import DamagedError, DiskRefusesError, SpoolInUseError
from nap.spool.rows import ROW_OVERHEAD, Row, checked

PAGE_BYTES: Final = 4096
_TABLE: Final = """CREATE TABLE IF NOT EXISTS {} (
    number INTEGER PRIMARY KEY, kind INTEGER, put_ms INTEGER, body BLOB, crc INTEGER)"""
_COLUMNS: Final = "number, kind, put_ms, body, crc"

# Errors that speak of the world, by primary code. Other ones speak of the file: it is damaged.
_REFUSALS: Final = {
    sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_PERM, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_NOLFS, sqlite3.SQLITE_AUTH,
}  # fmt: skip
_LOCKED: Final = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
# A sector that cannot be read will not come back by waiting, unlike one that cannot be written.
_UNREADABLE: Final = {sqlite3.SQLITE_IOERR_READ, sqlite3.SQLITE_IOERR_SHORT_READ}


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT)
        if code & 0xFF in _LOCKED:
            raise SpoolInUseError(str(error)) from error
        if code & 0xFF in _REFUSALS and code not in _UNREADABLE:
            raise DiskRefusesError(str(error)) from error
        raise DamagedError(str(error)) from error
    except (OverflowError, UnicodeDecodeError) as error:
        raise DamagedError(str(error)) from error


class SpoolFile:
    """Rows in, rows out; every row that comes out is right.

    All methods block and belong to one thread. Each raises:
        DiskRefusesError: the disk does not take or give; try again later.
        DamagedError: the file does not hold what was written to it.
        SpoolInUseError: another process owns it.
    """

    def __init__(self, path: Path) -> None:
        with _translated():
            self._db = sqlite3.connect(path, isolation_level=None, timeout=0)
        try:
            self._prepare()
        except BaseException:
            self._db.close()
            raise

    def _prepare(self) -> None:
        with _translated():
            # Exclusive before the log is first touched: no shared-memory file, and one owner.
            self._db.execute("PRAGMA locking_mode = EXCLUSIVE")
            self._db.execute(f"PRAGMA page_size = {PAGE_BYTES}")
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = FULL")
            # A small log: fewer rows hang on pages that are not yet in the file proper.
            self._db.execute("PRAGMA wal_autocheckpoint = 256")
            for table in ("records", "notes"):
                self._db.execute(_TABLE.format(table))

    def notes(self) -> list[Row]:
        """All notes."""
        return list(self._select("notes", "1 ORDER BY number"))

    def records(self) -> Iterator[Row]:
        """All records, rising."""
        return self._select("records", "1 ORDER BY number")

    def read(self, first: int, last: int, limit: int) -> list[Row]:
        """Up to `limit` records of first…last, rising."""
        where = "number BETWEEN ? AND ? ORDER BY number LIMIT ?"
        return list(self._select("records", where, first, last, limit))

    def _select(self, table: str, where: str, *values: int) -> Iterator[Row]:
        with _translated():
            query = f"SELECT {_COLUMNS} FROM {table} WHERE {where}"  # noqa: S608 - our own words
            for columns in self._db.execute(query, values):
                row = checked(*columns)
                if row is None:
                    msg = f"row {columns[0]} of {table} has a wrong check sum"
                    raise DamagedError(msg)
                yield row

    def oldest(self, after: int, through: int, limit: int) -> list[Stored]:
        """What to know of the first records in (after, through]."""
        query = (
            "SELECT number, kind, put_ms, length(body) FROM records"
            " WHERE number > ? AND number <= ? ORDER BY number LIMIT ?"
        )
        with _translated():
            found = self._db.execute(query, (after, through, limit)).fetchall()
        return [Stored(number, kind, ms, size + ROW_OVERHEAD) for number, kind, ms, size in found]

    def tally(self, first: int, last: int) -> dict[int, tuple[int, int]]:
        """Count and bytes of the records in first…last, by kind code."""
        query = (
            "SELECT kind, count(*), sum(length(body)) FROM records"
            " WHERE number BETWEEN ? AND ? GROUP BY kind"
        )
        with _translated():
            found = self._db.execute(query, (first, last)).fetchall()
        return {kind: (count, size + count * ROW_OVERHEAD) for kind, count, size in found}

    def write(
        self,
        *,
        gone: Iterable[tuple[int, int]],
        records: Iterable[Row],
        notes: Iterable[Row],
        forgotten_slots: Iterable[int],
    ) -> None:
        """Do all of it in one transaction, durable on return, or nothing."""
        with _translated():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                self._db.executemany("DELETE FROM records WHERE number BETWEEN ? AND ?", gone)
                self._insert("records", records)
                self._insert("notes", notes)
                slots = ((slot,) for slot in forgotten_slots)
                self._db.executemany("DELETE FROM notes WHERE number = ?", slots)
                self._db.execute("COMMIT")
            except sqlite3.Error:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise

    def _insert(self, table: str, rows: Iterable[Row]) -> None:
        self._db.executemany(
            f"INSERT OR REPLACE INTO {table} ({_COLUMNS}) VALUES (?, ?, ?, ?, ?)",  # noqa: S608
            ((row.number, row.kind, row.put_ms, row.body, row.crc) for row in rows),
        )

    def checkpoint(self) -> None:
        """Bring the write-ahead log into the file proper."""
        with _translated():
            self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def close(self) -> None:
        """Give the file back."""
        with _translated():
            self._db.close()
