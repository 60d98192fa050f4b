"""Read what is right in a spool file that the database engine refuses, straight from its pages.

A row lies whole in one table leaf page of the file or of its write-ahead log, in the engine's
published format, and carries its own check sum; so neither the tree above it nor the page's own
header has to be right. Deleted rows leave ghosts behind: the caller knows which numbers are gone.

Source: SQLite, "Database File Format", sections 1.6 (b-tree pages), 2.1 (record format) and 4.1
(write-ahead log).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from nap.spool.file import PAGE_BYTES
from nap.spool.rows import NOTE, Row, checked

_WAL_HEADER: Final = 32
_FRAME_HEADER: Final = 24
_LEAF_HEADER: Final = 8
_COLUMNS: Final = 5
_INTEGER_BYTES: Final = {1: 1, 2: 2, 3: 3, 4: 4, 5: 6, 6: 8}
# Cells past the end of the pointer array look like garbage; a single damaged pointer does too.
_GARBAGE_IN_A_ROW: Final = 8


def salvage(path: Path) -> tuple[dict[int, Row], list[Row]]:
    """Records by number, and every copy of every note, found right in the file and its log.

    Raises:
        OSError: the file cannot be opened.
    """
    records: dict[int, Row] = {}
    notes: list[Row] = []
    for page in _pages(path):
        for row in _rows(page):
            if row.kind == NOTE:
                notes.append(row)
            else:
                records[row.number] = row
    return records, notes


def _pages(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        yield from _blocks(file.fileno(), 0, PAGE_BYTES, path.stat().st_size)
    wal = path.with_name(path.name + "-wal")
    if wal.exists():
        with wal.open("rb") as file:
            frame = _FRAME_HEADER + PAGE_BYTES
            for block in _blocks(file.fileno(), _WAL_HEADER, frame, wal.stat().st_size):
                yield block[_FRAME_HEADER:]


def _blocks(descriptor: int, start: int, size: int, end: int) -> Iterator[bytes]:
    for offset in range(start, end, size):
        try:
            block = os.pread(descriptor, size, offset)
        except OSError:
            continue  # an unreadable sector costs its page, not the rest
        yield block


def _rows(page: bytes) -> Iterator[Row]:
    garbage = 0
    for at in range(_LEAF_HEADER, len(page) - 1, 2):
        row = _cell(page, int.from_bytes(page[at : at + 2], "big"))
        if row is not None:
            garbage = 0
            yield row
        elif (garbage := garbage + 1) >= _GARBAGE_IN_A_ROW:
            return


def _cell(page: bytes, at: int) -> Row | None:
    """The row at an offset of a page, or None where there is no right one."""
    try:
        _, at = _varint(page, at)
        number, at = _varint(page, at)
        header_at = at
        header_size, at = _varint(page, at)
        types = []
        while at < header_at + header_size:
            serial, at = _varint(page, at)
            types.append(serial)
        if len(types) != _COLUMNS:
            return None
        values: list[int | bytes | None] = []
        for serial in types:
            value, at = _value(page, at, serial)
            values.append(value)
    except IndexError:
        return None
    return checked(number, *values[1:])


def _varint(page: bytes, at: int) -> tuple[int, int]:
    """A big-endian number in groups of 7 bits, the ninth byte whole; and where it ends."""
    value = 0
    for count in range(8):
        byte = page[at + count]
        value = value << 7 | byte & 0x7F
        if byte < 0x80:  # noqa: PLR2004 - the high bit says that more follows
            return value, at + count + 1
    value = value << 8 | page[at + 8]
    return value - (1 << 64) if value >> 63 else value, at + 9


def _value(page: bytes, at: int, serial: int) -> tuple[int | bytes | None, int]:
    """A column of the given serial type; None for types that our rows do not use."""
    if size := _INTEGER_BYTES.get(serial):
        return int.from_bytes(page[at : at + size], "big", signed=True), at + size
    if serial in {8, 9}:
        return serial - 8, at
    if serial >= 12 and serial % 2 == 0:  # noqa: PLR2004 - blobs are even from 12 up
        return page[at : at + (serial - 12) // 2], at + (serial - 12) // 2
    return None, at
