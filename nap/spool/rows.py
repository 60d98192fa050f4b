"""A row of the spool file and the check sum that tells a right one from a damaged one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from zlib import crc32

from nap.spool.ports import Kind, Record

NOTE: Final = 0
KIND_CODES: Final = {Kind.UPLINK: 1, Kind.REPETITIONS: 2}
KINDS: Final = {code: kind for kind, code in KIND_CODES.items()}

ROW_OVERHEAD: Final = 32
"""Bytes of a row beside its body: cell header, number, kind, time, check sum."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row as it lies in the file: a record, or (kind NOTE) a page of the spool's own books.

    Attributes:
        number: Record number; for a note its slot.
        kind: NOTE or a value of KIND_CODES.
        put_ms: Wall clock, ms since 1970.
        body: Wire message, or JSON of a note.
    """

    number: int
    kind: int
    put_ms: int
    body: bytes

    @property
    def size(self) -> int:
        """Bytes that it takes of the spool's room."""
        return len(self.body) + ROW_OVERHEAD

    @property
    def crc(self) -> int:
        """Check sum over everything in the row, its number included."""
        return crc32(self.body, crc32(b"%d %d %d " % (self.number, self.kind, self.put_ms)))

    def record(self) -> Record:
        """The same as relays see it."""
        return Record(self.number, KINDS[self.kind], self.body, self.put_ms / 1000)


def checked(number: object, kind: object, put_ms: object, body: object, crc: object) -> Row | None:
    """A row out of what the file says, or None where type or check sum are wrong."""
    if not (isinstance(number, int) and isinstance(kind, int) and isinstance(put_ms, int)):
        return None
    if not isinstance(body, bytes) or (kind != NOTE and kind not in KINDS):
        return None
    row = Row(number, kind, put_ms, body)
    return row if row.crc == crc else None
