"""Bring a log back from its file, whatever state that is in. Never fails but for a second owner."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import msgspec

from nap.spool.cursors import Start, settled_by_all
from nap.spool.errors import DamagedError, DiskRefusesError
from nap.spool.file import SpoolFile
from nap.spool.intervals import IntervalSet
from nap.spool.log import Log
from nap.spool.notes import Books, read_books
from nap.spool.rows import Row
from nap.spool.salvage import salvage
from nap.spool.shelf import Shelf, finish_rewrite

_log = logging.getLogger(__name__)

_AFTER_A_KILL: Final = 1_000_000
"""Numbers skipped when the last owner died: more than a write-ahead log can hold, should a damaged
sector cut its tail off."""
_AFTER_A_LOSS: Final = 1 << 30
"""The least to skip when it is unknown how many numbers were given out after the last one seen."""


class _Address(msgspec.Struct):
    epoch: str


@dataclass(slots=True)
class Opened:
    """A log with its shelf.

    Attributes:
        refusal: What the disk said; None when it takes writes.
        slots: Where notes lie in the file, by their key.
        stale_slots: Slots of notes that are no longer needed.
        events: What people should know, in sentences.
    """

    log: Log
    shelf: Shelf
    refusal: str | None = None
    slots: dict[str, int] = field(default_factory=dict)
    stale_slots: list[int] = field(default_factory=list)
    events: list[str] = field(default_factory=list)


def open_log(shelf: Shelf, destinations: Mapping[str, Start]) -> Opened:
    """Open the file of an empty shelf, or work from memory where it cannot be used.

    Raises:
        SpoolInUseError: another process owns the file.
    """
    try:
        finish_rewrite(shelf.path)
        opened, present = _from_file(shelf)
    except DamagedError as error:
        opened, present = _from_pages(shelf, f"spool damaged: {error}", damaged=True)
    except (DiskRefusesError, OSError) as error:
        opened, present = _from_pages(shelf, f"disk refuses the spool: {error}", damaged=False)
        opened.refusal = str(error)
    _match_destinations(opened, destinations, present)
    for part in list(settled_by_all(opened.log.cursors.values(), 1, opened.log.head)):
        shelf.forget(*part)
    for event in opened.events:
        _log.warning("%s", event)
    return opened


def _from_file(shelf: Shelf) -> tuple[Opened, dict[int, int]]:
    file = SpoolFile(shelf.path)
    try:
        books = read_books(file.notes())
        present: dict[int, int] = {}
        size = 0
        for row in file.records():
            present[row.number] = row.kind
            size += row.size
        log = _checked_log(books, present)
    except BaseException:
        file.close()
        raise
    shelf.use(file, log.head, len(present), size)
    log.recount(present)
    if books.log and books.log.opened:
        log.leap(_AFTER_A_KILL)
    return Opened(log, shelf, slots=books.slots), present


def _checked_log(books: Books, present: Mapping[int, int]) -> Log:
    """The log that the notes tell of, if they and the records agree."""
    log = Log.from_books(books, secrets.token_hex(8))
    if books.log is None:
        if present or books.destinations:
            msg = "its first note is missing"
            raise DamagedError(msg)
        return log
    if absent := set(books.log.destinations) - set(books.destinations):
        msg = f"notes of destinations are missing: {sorted(absent)}"
        raise DamagedError(msg)
    if max(present, default=0) > log.head or log.head > books.log.head:
        msg = f"there are numbers above the head, {log.head}"
        raise DamagedError(msg)
    if missing := log.missing(IntervalSet((number, number) for number in present)):
        msg = f"records are missing: {missing[:5]}"
        raise DamagedError(msg)
    return log


def _from_pages(shelf: Shelf, why: str, *, damaged: bool) -> tuple[Opened, dict[int, int]]:
    try:
        rows, copies = salvage(shelf.path)
    except OSError:
        rows, copies = {}, []
    books = read_books(copies)
    log = Log.from_books(books, _epoch_of(rows) or secrets.token_hex(8))
    log.head = max([log.head, *rows])
    for name in set(books.log.destinations if books.log else ()) - set(log.cursors):
        # What it had taken is unknown: it gets everything, and knows copies by their numbers.
        log.introduce(name, "oldest", {})
    kept = {number: row for number, row in rows.items() if log.needed(number)}
    present = {number: row.kind for number, row in kept.items()}
    log.write_off(present)
    log.leap(_AFTER_A_LOSS + secrets.randbelow(_AFTER_A_LOSS))
    shelf.hold_all(kept.values(), damaged=damaged)
    event = f"{why}; {len(kept)} records read from its pages"
    return Opened(log, shelf, slots=books.slots, events=[event]), present


def _epoch_of(rows: Mapping[int, Row]) -> str | None:
    for row in rows.values():
        try:
            return msgspec.json.decode(row.body, type=_Address).epoch
        except msgspec.DecodeError:
            continue
    return None


def _match_destinations(
    opened: Opened, destinations: Mapping[str, Start], present: Mapping[int, int]
) -> None:
    log = opened.log
    for name in set(log.cursors) - set(destinations):
        waiting = log.cursors.pop(name).waiting_records
        if (slot := opened.slots.pop(f"destination:{name}", None)) is not None:
            opened.stale_slots.append(slot)
        opened.events.append(
            f"destination {name} is no longer configured; {waiting} records were waiting for it"
        )
    for name, start in destinations.items():
        if name not in log.cursors:
            log.introduce(name, start, present)
