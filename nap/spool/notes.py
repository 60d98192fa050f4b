"""The spool's own books as they lie in its file, and how they are read back."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import msgspec

from nap.spool.rows import NOTE, Row


class LogNote(msgspec.Struct, frozen=True, kw_only=True, tag="log"):
    """What holds for the whole log.

    Attributes:
        version: Counts commits; the newest of several copies is the right one.
        opened: A process has the file open, or died with it open.
        floor: Records up to this number are gone, settled or not.
        spooled: Uplinks ever put.
        destinations: Whose cursors belong to it.
    """

    version: int
    epoch: str
    head: int
    opened: bool
    floor: int
    spooled: int
    destinations: list[str]


class DestinationNote(msgspec.Struct, frozen=True, kw_only=True, tag="destination"):
    """What one destination has behind it: settled numbers and how the uplinks ended."""

    version: int
    name: str
    settled: list[tuple[int, int]]
    ended: dict[str, int]


class GuestNote(msgspec.Struct, frozen=True, kw_only=True, tag="guest"):
    """Counters of someone else that must agree with the log: written in its transactions."""

    version: int
    name: str
    values: dict[str, int]


Note = LogNote | DestinationNote | GuestNote

_DECODER = msgspec.json.Decoder(Note)


@dataclass(slots=True)
class Books:
    """All notes of a file, the newest of each."""

    log: LogNote | None = None
    destinations: dict[str, DestinationNote] = field(default_factory=dict)
    guests: dict[str, GuestNote] = field(default_factory=dict)
    slots: dict[str, int] = field(default_factory=dict)


def slot_key(note: Note) -> str:
    """What names the slot that a note lies in."""
    return "log" if isinstance(note, LogNote) else f"{note.__struct_config__.tag}:{note.name}"


def to_row(note: Note, slot: int) -> Row:
    """The note as a row of the file."""
    return Row(slot, NOTE, 0, msgspec.json.encode(note))


def read_books(rows: Iterable[Row]) -> Books:
    """Sort notes by subject; of several copies the newest counts, unreadable ones do not."""
    books = Books()
    newest: dict[str, int] = {}
    for row in rows:
        try:
            note: Note = _DECODER.decode(row.body)
        except msgspec.DecodeError:
            continue
        key = slot_key(note)
        if newest.get(key, -1) >= note.version:
            continue
        newest[key] = note.version
        books.slots[key] = row.number
        _file_note(books, note)
    return books


def _file_note(books: Books, note: Note) -> None:
    match note:
        case LogNote():
            books.log = note
        case DestinationNote():
            books.destinations[note.name] = note
        case GuestNote():
            books.guests[note.name] = note
