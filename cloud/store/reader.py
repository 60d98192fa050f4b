"""Queries; each touches a bounded number of rows however many there are."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Engine, Row, Select, func, select, tuple_
from sqlalchemy.exc import SQLAlchemyError

from cloud.errors import BadCursorError, DatabaseRefusedError
from cloud.store.schema import message, numbering, reception, station
from cloud.store.shaping import shape_message, shape_station
from cloud.store.tally import per_minute
from cloud.store.views import Message, MessagePage, StationPage, Summary

LARGEST_PAGE: Final = 500
SUMMARY_MINUTES: Final = 30
_CURSOR: Final = re.compile(r"([0-9]{1,15})-([0-9]{1,18})")


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageFilter:
    """Which messages; times are when the message was on the air, `before` not included."""

    device_id: str | None = None
    since: datetime | None = None
    before: datetime | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        """The same for a query."""
        found: list[ColumnElement[bool]] = []
        if self.device_id is not None:
            found.append(message.c.device_id == self.device_id)
        if self.since is not None:
            found.append(message.c.heard_ms >= to_ms(self.since))
        if self.before is not None:
            found.append(message.c.heard_ms < to_ms(self.before))
        return found


class Reader:
    """Blocking reads; call them from a thread.

    Every method raises DatabaseRefusedError when the database does not answer.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def page(self, wanted: MessageFilter, limit: int, cursor: str | None = None) -> MessagePage:
        """The newest messages, or those after `cursor`.

        Raises:
            BadCursorError: `cursor` did not come from here.
        """
        query = select(message).where(*wanted.conditions())
        if cursor is not None:
            query = query.where(tuple_(message.c.heard_ms, message.c.id) < parse_cursor(cursor))
        query = query.order_by(message.c.heard_ms.desc(), message.c.id.desc()).limit(limit + 1)
        with _Reading(self._engine) as connection:
            rows = connection.execute(query).all()
            messages = _with_receptions(connection, rows[:limit])
        last = rows[limit - 1] if len(rows) > limit else None
        return MessagePage(
            messages=messages, next=f"{last.heard_ms}-{last.id}" if last is not None else None
        )

    def message(self, message_id: int) -> Message | None:
        """One message, or None when there is none of this id."""
        with _Reading(self._engine) as connection:
            rows = connection.execute(select(message).where(message.c.id == message_id)).all()
            found = _with_receptions(connection, rows)
        return found[0] if found else None

    def changed(self, after_revision: int, limit: int) -> list[Message]:
        """Messages that are new or changed since, oldest change first."""
        query = select(message).where(message.c.revision > after_revision)
        with _Reading(self._engine) as connection:
            rows = connection.execute(query.order_by(message.c.revision).limit(limit)).all()
            return _with_receptions(connection, rows)

    def revision(self) -> int:
        """Revision of the newest change."""
        with _Reading(self._engine) as connection:
            return int(connection.execute(select(numbering.c.last_revision)).scalar_one())

    def stations(self, limit: int, after: str = "") -> StationPage:
        """Stations whose id follows `after`."""
        query = select(station).where(station.c.nap_id > after)
        with _Reading(self._engine) as connection:
            rows = connection.execute(query.order_by(station.c.nap_id).limit(limit + 1)).all()
        shown = [shape_station(row) for row in rows[:limit]]
        return StationPage(stations=shown, next=shown[-1].nap_id if len(rows) > limit else None)

    def summary(self, now_ms: int) -> Summary:
        """Figures for the head of the page."""
        online = func.count().filter(station.c.online)
        with _Reading(self._engine) as connection:
            known, there = connection.execute(
                select(func.count(), online).select_from(station)
            ).one()
            return Summary(
                per_minute=per_minute(connection, SUMMARY_MINUTES, now_ms),
                stations=known,
                stations_online=there,
                messages=connection.execute(select(numbering.c.last_message_id)).scalar_one(),
            )


class _Reading:
    """A read transaction whose errors are ours."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def __enter__(self) -> Connection:
        try:
            self._connection = self._engine.connect()
        except SQLAlchemyError as error:
            raise DatabaseRefusedError(_reason(error)) from error
        return self._connection

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        self._connection.close()
        if isinstance(error, SQLAlchemyError):
            raise DatabaseRefusedError(_reason(error)) from error


def parse_cursor(text: str) -> tuple[int, int]:
    """The (heard_ms, id) that a cursor stands for.

    Raises:
        BadCursorError: it is none of ours.
    """
    match = _CURSOR.fullmatch(text)
    if match is None:
        msg = f"cursor {text[:40]!r} is not one that this server gave out"
        raise BadCursorError(msg)
    return int(match[1]), int(match[2])


def to_ms(at: datetime) -> int:
    """A time as stored; one without a zone is UTC."""
    return int((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() * 1000)


def _with_receptions(connection: Connection, rows: Sequence[Row[Any]]) -> list[Message]:
    query: Select[Any] = (
        select(reception, station.c.nap_id)
        .join_from(reception, station, reception.c.station_id == station.c.id)
        .where(reception.c.message_id.in_([row.id for row in rows]))
    )
    by_message: dict[int, list[Row[Any]]] = {}
    for row in connection.execute(query) if rows else ():
        by_message.setdefault(row.message_id, []).append(row)
    return [shape_message(row, by_message.get(row.id, [])) for row in rows]


def _reason(error: SQLAlchemyError) -> str:
    return str(getattr(error, "orig", None) or error).strip()
