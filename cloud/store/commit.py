"""Commit a batch; tell a database that takes nothing from a value that no database takes."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

import msgspec
from sqlalchemy import Engine
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from cloud.errors import DatabaseRefusedError
from cloud.store.batch import Outcome, write_batch
from cloud.store.entries import (
    Entry,
    Refused,
    RepetitionsHeard,
    StationChanged,
    StationReported,
    UplinkHeard,
)
from cloud.store.stations import KnownIds
from nap.wire.messages import Uplink

log = logging.getLogger(__name__)

# The database will never take these values, however often they come.
_POISON: Final = (DataError, IntegrityError, OverflowError)


class Committer:
    """Writes batches into one database, from one thread."""

    def __init__(self, engine: Engine, window_ms: int) -> None:
        self._engine = engine
        self._window_ms = window_ms
        self._ids = KnownIds()

    def commit(self, entries: Sequence[Entry]) -> tuple[list[Entry], Outcome]:
        """Store all entries durably; an entry that cannot be stored comes back as refused.

        Raises:
            DatabaseRefusedError: nothing more was stored; the same entries may be committed again.
        """
        try:
            return list(entries), self._write(entries)
        except _POISON as error:
            self._ids.forget()
            if len(entries) == 1:
                refusal = _refusal(entries[0], error)
                return [refusal], self._write([refusal])
        # One value of the batch is bad. Halving finds it in a few commits; the others get in.
        middle = len(entries) // 2
        first, outcome = self.commit(entries[:middle])
        second, more = self.commit(entries[middle:])
        return first + second, outcome + more

    def _write(self, entries: Sequence[Entry]) -> Outcome:
        now_ms = int(datetime.now(UTC).timestamp() * 1000)
        try:
            with self._engine.begin() as connection:
                return write_batch(connection, self._ids, entries, now_ms, self._window_ms)
        except _POISON:
            raise
        except (DBAPIError, PoolTimeoutError) as error:
            self._ids.forget()
            cause = error.orig if isinstance(error, DBAPIError) else error
            raise DatabaseRefusedError(str(cause).strip() or type(error).__name__) from error


def _refusal(entry: Entry, error: Exception) -> Refused:
    if isinstance(entry, Refused):
        # Not even the refusal can be stored as it is; keep that it happened.
        return replace(entry, topic="", reason="the database refused the refusal", body=b"")
    log.error("the database refused a value: entry=%r reason=%s", entry, error)
    reason = "the database refuses a value of this message"
    match entry:
        case UplinkHeard(nap_id, Uplink() as record) | RepetitionsHeard(nap_id, record):
            body = msgspec.json.encode(record)
            return Refused(nap_id, "", reason, body, len(body), record.epoch, record.number)
        case StationChanged(nap_id, told) | StationReported(nap_id, told):
            body = msgspec.json.encode(told)
            return Refused(nap_id, "", reason, body, len(body))
