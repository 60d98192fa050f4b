"""Delete what is older than the operator wants to keep, a little at a time."""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime, timedelta
from typing import Final, NoReturn

from sqlalchemy import ColumnElement, Engine, Table, delete, select, tuple_
from sqlalchemy.exc import SQLAlchemyError

from cloud.errors import DatabaseRefusedError
from cloud.store.schema import early_repetitions, message, record, tally

log = logging.getLogger(__name__)

LOOK_EVERY_S: Final = 600.0
# One transaction holds the writer up for a few ms only.
ROWS_AT_ONCE: Final = 500
# A station that lay in a drawer may still replay; its records are told from new ones this long.
RECORDS_AT_LEAST: Final = timedelta(days=400)
EARLY_REPETITIONS: Final = timedelta(days=30)
TALLY: Final = timedelta(days=2)


class Retention:
    """Deletes old rows from time to time."""

    name: Final = "retention"

    def __init__(self, engine: Engine, keep: timedelta | None) -> None:
        """Keep messages for `keep`, or for ever when it is None."""
        self._engine = engine
        self._keep = keep

    async def run(self) -> NoReturn:
        """Delete until cancelled.

        Raises:
            DatabaseRefusedError: not now.
        """
        while True:
            await self.sweep(datetime.now(UTC))
            await asyncio.sleep(LOOK_EVERY_S)

    async def sweep(self, now_utc: datetime) -> int:
        """Delete everything that is too old at `now_utc`; return the number of messages."""
        await self._empty(early_repetitions, _older(early_repetitions, now_utc - EARLY_REPETITIONS))
        minute = int((now_utc - TALLY).timestamp()) // 60
        await self._empty(tally, tally.c.minute < minute)
        if self._keep is None:
            return 0
        await self._empty(record, _older(record, now_utc - max(self._keep, RECORDS_AT_LEAST)))
        heard_before = int((now_utc - self._keep).timestamp() * 1000)
        deleted = await self._empty(message, message.c.heard_ms < heard_before)
        if deleted:
            log.info("deleted old messages: messages=%d", deleted)
        return deleted

    async def _empty(self, table: Table, condition: ColumnElement[bool]) -> int:
        deleted = 0
        while True:
            rows = await asyncio.to_thread(self._delete_some, table, condition)
            deleted += rows
            if rows < ROWS_AT_ONCE:
                return deleted

    def _delete_some(self, table: Table, condition: ColumnElement[bool]) -> int:
        key = tuple_(*table.primary_key.columns)
        some = select(*table.primary_key.columns).where(condition).limit(ROWS_AT_ONCE)
        try:
            with self._engine.begin() as connection:
                return connection.execute(delete(table).where(key.in_(some))).rowcount
        except SQLAlchemyError as error:
            raise DatabaseRefusedError(str(error.__cause__ or error)) from error


def _older(table: Table, than: datetime) -> ColumnElement[bool]:
    condition: ColumnElement[bool] = table.c.stored_ms < int(than.timestamp() * 1000)
    return condition
