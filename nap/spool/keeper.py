"""The spool without its thread: the log in memory, and its file brought up to it in transactions.

What memory says is true; the file follows in one transaction per `commit`. A disk that refuses
only delays it: nothing has to be undone, the next commit writes all that is still to write.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from nap.spool.bounds import Bounds, Stored, surplus
from nap.spool.cursors import UPLINK, Start, settled_by_all
from nap.spool.errors import DamagedError, DiskRefusesError
from nap.spool.forecast import Forecast
from nap.spool.notes import slot_key, to_row
from nap.spool.opening import open_log
from nap.spool.ports import BodyBuilder, Fate, Kind
from nap.spool.rows import KIND_CODES, Row
from nap.spool.salvage import salvage
from nap.spool.shelf import Shelf, files_set_aside
from nap.spool.status import DestinationStatus, SpoolStatus

_logger = logging.getLogger(__name__)

BODY_LIMIT: Final = 3500
"""Bytes of a body: a row must lie whole in one page of the file, see salvage."""
_DROP_AT_ONCE: Final = 200
_RETRY_S: Final = 1.0
"""How often a disk that refused is asked again."""
_AGE_CHECK_S: Final = 60.0


class Keeper:
    """The log of one spool. Blocking; belongs to one thread.

    Attributes:
        refusal: What the disk said last; None while it takes writes.
        dropped: Numbers dropped from memory since the owner last looked and cleared.
    """

    def __init__(
        self,
        shelf: Shelf,
        destinations: Mapping[str, Start],
        bounds: Bounds,
        wall_ms: Callable[[], int],
        now: float,
    ) -> None:
        """Open the log and record that in its file.

        Raises:
            SpoolInUseError: another process owns the file.
        """
        opened = open_log(shelf, destinations)
        self._shelf, self.log = shelf, opened.log
        self._bounds, self._wall_ms = bounds, wall_ms
        self._slots, self._stale_slots = opened.slots, opened.stale_slots
        self._dirty = True
        self._retry_at = now
        self._age_due_at = now
        self._forecast = Forecast(now)
        self.refusal = opened.refusal
        self.dropped: list[int] = []
        self.commit(now)
        self._checkpoint()

    @property
    def shelf(self) -> Shelf:
        """Where the records lie."""
        return self._shelf

    def put(self, kind: Kind, build_body: BodyBuilder, now: float) -> int:
        """Take a message and return its number; kept for good with the next commit."""
        number = self.log.head + 1
        body = build_body(self.log.epoch, number)
        if len(body) > BODY_LIMIT:
            msg = f"body of {len(body)} bytes; a record holds {BODY_LIMIT}"
            raise ValueError(msg)
        row = Row(number, KIND_CODES[kind], self._wall_ms(), body)
        self.log.head = number
        self.log.spooled += row.kind == UPLINK
        for cursor in self.log.cursors.values():
            cursor.expect(row.kind)
        self._shelf.add(row)
        self._forecast.feed(row.size, now)
        self._dirty = True
        return number

    def settle(
        self,
        destination: str,
        ranges: Sequence[tuple[int, int]],
        fate: Fate,
        reason: str | None = None,
    ) -> None:
        """Mark records as ended for a destination; on disk with the next commit."""
        if fate is Fate.REFUSED:
            _logger.debug("records %s refused by %s: %s", ranges, destination, reason)
        try:
            self._settle(destination, ranges, fate)
        except DamagedError as error:
            self._recover(error)
            self._settle(destination, ranges, fate)

    def _settle(self, destination: str, ranges: Sequence[tuple[int, int]], fate: Fate) -> None:
        cursors = self.log.cursors
        cursor = cursors[destination]
        for first, last in ranges:
            for gap in list(cursor.settled.gaps(max(first, 1), min(last, self.log.head))):
                found = self._shelf.tally(*gap)
                cursor.settled.add(*gap)
                cursor.end({kind: count for kind, (count, _) in found.items()}, fate.value)
                for part in list(settled_by_all(cursors.values(), *gap)):
                    self._shelf.forget(*part)
                self._dirty = True

    def waiting(self, destination: str, after: int, through: int, limit: int) -> list[Row]:
        """Up to `limit` records in (after, through] that the destination still has to take."""
        try:
            return self._waiting(destination, after, through, limit)
        except DamagedError as error:
            self._recover(error)
            return self._waiting(destination, after, through, limit)

    def _waiting(self, destination: str, after: int, through: int, limit: int) -> list[Row]:
        settled = self.log.cursors[destination].settled
        rows: list[Row] = []
        for gap in settled.gaps(after + 1, min(through, self.log.head)):
            rows += self._shelf.read(*gap, limit - len(rows))
            if len(rows) >= limit:
                break
        return rows

    def remember(self, guest: str, values: dict[str, int]) -> None:
        """Write someone else's counters with the next commit that has something to write."""
        self.log.guests[guest] = values

    def commit(self, now: float, *, closing: bool = False) -> None:
        """Drop what is too much, then bring the file up to memory, or note why that failed."""
        try:
            self._bring_up(now, closing=closing)
        except DamagedError as error:
            self._recover(error)
            self._retry_at = now
            self._bring_up(now, closing=closing)
        self._shed()

    def _bring_up(self, now: float, *, closing: bool) -> None:
        try:
            self._expire(now)
            if self._dirty and (now >= self._retry_at or closing):
                self._write(closing=closing)
        except DiskRefusesError as error:
            self._refused(str(error), now)

    def _write(self, *, closing: bool) -> None:
        self.log.version += 1
        self.log.opened = not closing
        notes = [to_row(note, self._slot(slot_key(note))) for note in self.log.notes()]
        self._shelf.write(self.log.head, notes, self._stale_slots, self._wall_ms())
        self._stale_slots = []
        self._dirty = False
        if self.refusal is not None:
            _logger.warning("spool: the disk takes writes again")
            self.refusal = None

    def _slot(self, key: str) -> int:
        return self._slots.setdefault(key, max(self._slots.values(), default=0) + 1)

    def _refused(self, reason: str, now: float) -> None:
        if self.refusal is None:
            _logger.error("spool: the disk refuses; messages are held in memory: %s", reason)
        self.refusal = reason
        self._retry_at = now + _RETRY_S

    def _expire(self, now: float) -> None:
        if self._shelf.bytes <= self._bounds.max_bytes and now < self._age_due_at:
            return
        self._age_due_at = now + _AGE_CHECK_S
        while oldest := self._shelf.oldest(self.log.floor, _DROP_AT_ONCE):
            victims = surplus(oldest, self._shelf.bytes, self._bounds, self._wall_ms())
            for victim in victims:
                self._drop(victim)
                self.log.floor = victim.number
            if len(victims) < len(oldest):
                return

    def _shed(self) -> None:
        """Keep memory inside its bound while the disk refuses."""
        room = self._bounds.max_bytes if self._shelf.rewriting else self._bounds.memory_bytes
        while self._shelf.held_bytes > room:
            row = next(iter(self._shelf.held.values()))
            self._drop(Stored(row.number, row.kind, row.put_ms, row.size))

    def _drop(self, victim: Stored) -> None:
        for cursor in self.log.cursors.values():
            if victim.number not in cursor.settled:
                cursor.settled.add(victim.number, victim.number)
                cursor.end({victim.kind: 1}, "expired")
        if victim.number in self._shelf.held:
            self.dropped.append(victim.number)
        self._shelf.forget(victim.number, victim.number)
        self._dirty = True

    def _recover(self, error: DamagedError) -> None:
        """Go on with what is right in a file that turned out damaged; memory knows the rest."""
        try:
            found, _ = salvage(self._shelf.path)
        except OSError:
            found = {}
        rows = {
            number: row
            for number, row in found.items()
            if number <= self._shelf.durable_head and self.log.needed(number)
        } | self._shelf.held
        self.log.write_off({number: row.kind for number, row in rows.items()})
        self._shelf.hold_all(rows.values(), damaged=True)
        self._dirty = True
        _logger.error("spool damaged: %s; %d records saved from its pages", error, len(rows))

    def status(self, now: float) -> SpoolStatus:
        """What people and the console are shown."""
        free_bytes = self._bounds.max_bytes - self._shelf.bytes
        return SpoolStatus(
            epoch=self.log.epoch,
            head=self.log.head,
            spooled=self.log.spooled,
            durable=self.refusal is None,
            refusal=self.refusal,
            records=self._shelf.records,
            held_records=len(self._shelf.held),
            bytes=self._shelf.bytes,
            max_bytes=self._bounds.max_bytes,
            hours_left=self._forecast.hours_left(free_bytes, now),
            set_aside=[path.name for path in files_set_aside(self._shelf.path)],
            destinations={
                name: DestinationStatus(
                    waiting_records=cursor.waiting_records,
                    waiting_uplinks=cursor.waiting_uplinks,
                    ended=dict(cursor.ended),
                )
                for name, cursor in self.log.cursors.items()
            },
        )

    def _checkpoint(self) -> None:
        try:
            self._shelf.checkpoint()
        except (DiskRefusesError, DamagedError) as error:
            _logger.warning("spool: the write-ahead log stays: %s", error)

    def close(self, now: float) -> None:
        """Write what is still to write and give the file back."""
        self._dirty = True
        self.commit(now, closing=True)
        try:
            self._shelf.close()
        except (DiskRefusesError, DamagedError) as error:
            _logger.warning("spool: closing: %s", error)
