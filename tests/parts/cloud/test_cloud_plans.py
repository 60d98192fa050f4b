"""No query of the store reads more rows as the tables grow: SQLite's own plans say so."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import Engine, event

from cloud.store.commit import Committer
from cloud.store.engine import open_reader, open_writer, parse_url
from cloud.store.entries import Entry, RepetitionsHeard, UplinkHeard
from cloud.store.migrate import migrate
from cloud.store.reader import MessageFilter, Reader
from cloud.store.retention import Retention
from nap.wire.messages import Repetitions
from tests.servers.station import uplink

NOW_UTC = datetime(2026, 3, 1, tzinfo=UTC)
GROWING = {"message", "reception", "record", "r", "refused"}


@pytest.fixture
def engines(tmp_path: Path) -> Iterator[tuple[Engine, Engine]]:
    url = parse_url(f"sqlite:///{tmp_path}/cloud.db")
    writer, reader = open_writer(url), open_reader(url)
    migrate(writer)
    yield writer, reader
    writer.dispose()
    reader.dispose()


class Plans:
    """Notes how SQLite carries out each statement of an engine."""

    def __init__(self, engine: Engine) -> None:
        self.lines: list[str] = []
        event.listen(engine, "before_cursor_execute", self._explain)

    def _explain(
        self,
        _connection: object,
        cursor: sqlite3.Cursor,
        statement: str,
        parameters: tuple[object, ...],
        *_: object,
    ) -> None:
        if statement.startswith(("SELECT", "UPDATE", "DELETE")):
            values = parameters[0] if isinstance(parameters, list) else parameters
            plan = cursor.connection.execute(f"EXPLAIN QUERY PLAN {statement}", values)
            self.lines += [f"{row[3]}   <- {statement}" for row in plan]

    def growing(self) -> list[str]:
        """Lines that read or sort a growing table without bound."""
        return [line for line in self.lines if _grows(line)]


def _grows(line: str) -> bool:
    plan, _, statement = line.partition("<-")
    if "TEMP B-TREE" in plan:
        return True
    scanned = plan.removeprefix("SCAN ").split()[0] if plan.startswith("SCAN ") else None
    in_order = "USING INDEX" in plan and "LIMIT" in statement
    return scanned in GROWING and not in_order


def batch(start: int) -> list[Entry]:
    body = Repetitions(
        epoch=uplink(1).epoch,
        number=start + 500,
        uplink_number=start,
        device_id="00000001",
        seq_number=1,
        frames=[uplink(1).frame],
    )
    entries: list[Entry] = [UplinkHeard("N", uplink(start + n)) for n in range(10)]
    again = msgspec.structs.replace(uplink(start), number=start + 600)
    return [*entries, UplinkHeard("M", again), RepetitionsHeard("N", body)]


def test_writing_looks_up_by_index(engines: tuple[Engine, Engine]) -> None:
    store = Committer(engines[0], window_ms=60_000)
    store.commit(batch(1))
    plans = Plans(engines[0])
    store.commit(batch(1))
    store.commit(batch(1001))
    assert any("SEARCH r USING PRIMARY KEY" in line for line in plans.lines)
    assert plans.growing() == []


async def test_deleting_looks_up_by_index(engines: tuple[Engine, Engine]) -> None:
    Committer(engines[0], window_ms=60_000).commit(batch(1))
    plans = Plans(engines[0])
    await Retention(engines[0], timedelta(days=500)).sweep(datetime.now(UTC))
    assert len(plans.lines) > 5
    assert plans.growing() == []


def test_reading_looks_up_by_index(engines: tuple[Engine, Engine]) -> None:
    Committer(engines[0], window_ms=60_000).commit(batch(1))
    plans, reader = Plans(engines[1]), Reader(engines[1])
    for wanted in (
        MessageFilter(),
        MessageFilter(device_id="00000001"),
        MessageFilter(since=NOW_UTC, before=NOW_UTC),
        MessageFilter(device_id="00000001", since=NOW_UTC),
    ):
        reader.page(wanted, 5)
        reader.page(wanted, 5, "1772000000000-7")
    reader.changed(3, 100)
    reader.message(1)
    reader.summary(1_772_000_000_000)
    assert len(plans.lines) > 10
    assert plans.growing() == []
