"""The log in memory: numbers given out, and what every destination has behind it. No file here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import assert_never

from nap.spool.cursors import UPLINK, Cursor, Start
from nap.spool.intervals import IntervalSet
from nap.spool.notes import Books, DestinationNote, GuestNote, LogNote, Note


@dataclass(slots=True)
class Log:
    """One epoch of numbers and its cursors.

    Attributes:
        head: Highest number given out.
        floor: Records up to here are gone, settled or not.
        spooled: Uplinks ever put.
        version: Commits so far.
    """

    epoch: str
    head: int = 0
    floor: int = 0
    spooled: int = 0
    version: int = 0
    opened: bool = True
    cursors: dict[str, Cursor] = field(default_factory=dict)
    guests: dict[str, dict[str, int]] = field(default_factory=dict)

    @classmethod
    def from_books(cls, books: Books, epoch: str) -> Log:
        """Take over what the notes of a file say; `epoch` where they do not know one."""
        log = cls(epoch) if books.log is None else cls._from_note(books.log)
        for name, note in books.destinations.items():
            log.cursors[name] = Cursor(IntervalSet(note.settled), {}, dict(note.ended))
            log.head = max([log.head, *(last for _, last in note.settled)])
        log.guests = {name: dict(note.values) for name, note in books.guests.items()}
        return log

    @classmethod
    def _from_note(cls, note: LogNote) -> Log:
        return cls(note.epoch, note.head, note.floor, note.spooled, note.version)

    def leap(self, numbers: int) -> None:
        """Never give out the next `numbers` numbers: a lost copy of this log may have used them."""
        for cursor in self.cursors.values():
            cursor.settled.add(self.head + 1, self.head + numbers)
        self.head += numbers

    def needed(self, number: int) -> bool:
        """Whether a record that lies in the file still has a reason to."""
        if number <= self.floor:
            return False
        cursors = self.cursors.values()
        return not cursors or any(number not in cursor.settled for cursor in cursors)

    def recount(self, present: Mapping[int, int]) -> None:
        """Count anew what waits, given the kind code of every record that is there."""
        for cursor in self.cursors.values():
            cursor.waiting = {}
            for number, kind in present.items():
                if number not in cursor.settled:
                    cursor.expect(kind)

    def missing(self, present: IntervalSet) -> list[tuple[int, int]]:
        """Records that should be there, by the cursors, and are not."""
        found = IntervalSet()
        for cursor in self.cursors.values():
            for gap in cursor.settled.gaps(1, self.head):
                for part in present.gaps(*gap):
                    found.add(*part)
        return list(found)

    def write_off(self, present: Mapping[int, int]) -> None:
        """Count as lost what the cursors wait for and is not among the records `present`."""
        there = IntervalSet((number, number) for number in sorted(present))
        for gap in there.gaps(1, self.head):
            for cursor in self.cursors.values():
                cursor.settled.add(*gap)
        self.recount(present)
        known = [cursor.accounted() for cursor in self.cursors.values()]
        uplinks = sum(1 for kind in present.values() if kind == UPLINK)
        self.spooled = max([self.spooled, uplinks, *known])
        for cursor in self.cursors.values():
            cursor.count(self.spooled - cursor.accounted(), "lost")

    def introduce(self, name: str, start: Start, present: Mapping[int, int]) -> None:
        """Begin a cursor for a destination that the log has not seen before."""
        cursor = Cursor(IntervalSet([(1, self.head)]))
        match start:
            case "oldest":
                there = IntervalSet((number, number) for number in sorted(present))
                cursor.settled = IntervalSet(there.gaps(1, self.head))
            case "newest":
                pass
            case _:
                assert_never(start)
        self.cursors[name] = cursor
        for number, kind in present.items():
            if number not in cursor.settled:
                cursor.expect(kind)
        cursor.count(self.spooled - cursor.waiting_uplinks, "skipped")

    def notes(self) -> Iterable[Note]:
        """Everything here as it goes into the file."""
        yield LogNote(
            version=self.version,
            epoch=self.epoch,
            head=self.head,
            opened=self.opened,
            floor=self.floor,
            spooled=self.spooled,
            destinations=sorted(self.cursors),
        )
        for name, cursor in self.cursors.items():
            yield DestinationNote(
                version=self.version, name=name, settled=list(cursor.settled), ended=cursor.ended
            )
        for name, values in self.guests.items():
            yield GuestNote(version=self.version, name=name, values=values)
