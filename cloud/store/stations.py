"""Rows of stations and of their spools, as the writer keeps them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, bindparam, select, tuple_, update

from cloud.store.entries import StationChanged, StationReported
from cloud.store.insert import insert_new
from cloud.store.schema import spool, station

# A station that sends ten messages a second need not be touched ten times.
SEEN_EVERY_MS: Final = 5_000


@dataclass(slots=True)
class KnownIds:
    """Row ids the writer has met; rows are never deleted, so they stay true."""

    stations: dict[str, int] = field(default_factory=dict)
    spools: dict[tuple[int, str], int] = field(default_factory=dict)
    seen_ms: dict[str, int] = field(default_factory=dict)

    def forget(self) -> None:
        """Drop everything, for ids of a transaction that was rolled back."""
        self.stations.clear()
        self.spools.clear()
        self.seen_ms.clear()


def note_stations(
    connection: Connection, ids: KnownIds, nap_ids: Iterable[str], now_ms: int
) -> None:
    """Make sure that each station has a row, and note that it was heard of."""
    wanted = set(nap_ids)
    unknown = sorted(wanted - ids.stations.keys())
    if unknown:
        rows = [
            {"nap_id": nap_id, "simulated": False, "first_seen_ms": now_ms, "last_seen_ms": now_ms}
            for nap_id in unknown
        ]
        insert_new(connection, station, rows)
        found = select(station.c.nap_id, station.c.id).where(station.c.nap_id.in_(unknown))
        ids.stations.update((nap_id, row_id) for nap_id, row_id in connection.execute(found))
    due = sorted(n for n in wanted if now_ms - ids.seen_ms.get(n, 0) >= SEEN_EVERY_MS)
    if due:
        touch = update(station).where(station.c.id == bindparam("row"))
        rows_due = [{"row": ids.stations[nap_id], "last_seen_ms": now_ms} for nap_id in due]
        connection.execute(touch, rows_due)
        ids.seen_ms.update((nap_id, now_ms) for nap_id in due)


def note_spools(
    connection: Connection, ids: KnownIds, spools: Iterable[tuple[str, str]]
) -> dict[tuple[str, str], int]:
    """The row id of each (nap_id, epoch); the stations must be known."""
    wanted = {(ids.stations[nap_id], epoch) for nap_id, epoch in spools}
    unknown = sorted(wanted - ids.spools.keys())
    if unknown:
        rows = [{"station_id": row, "epoch": epoch} for row, epoch in unknown]
        insert_new(connection, spool, rows)
        key = tuple_(spool.c.station_id, spool.c.epoch)
        found = select(spool.c.station_id, spool.c.epoch, spool.c.id).where(key.in_(unknown))
        ids.spools.update(((row, epoch), at) for row, epoch, at in connection.execute(found))
    return {
        (nap_id, epoch): ids.spools[ids.stations[nap_id], epoch] for nap_id, epoch in set(spools)
    }


def write_changes(connection: Connection, ids: KnownIds, changes: list[StationChanged]) -> None:
    """Store what stations said about themselves; of several the last."""
    rows = {change.nap_id: _connection_row(ids, change) for change in changes}
    change_row = update(station).where(station.c.id == bindparam("row"))
    for row in rows.values():
        connection.execute(change_row, row)


def _connection_row(ids: KnownIds, change: StationChanged) -> dict[str, Any]:
    told = change.connection
    row: dict[str, Any] = {"row": ids.stations[change.nap_id], "online": told.online}
    if told.since_utc is not None:
        since = datetime.fromisoformat(told.since_utc)
        since = since if since.tzinfo else since.replace(tzinfo=UTC)
        row["since_ms"] = int(since.timestamp() * 1000)
    if told.online:
        # The Will was written before the station knew more than its name.
        row |= {"model": told.model, "version": told.version, "simulated": told.simulated}
    return row


def write_reports(
    connection: Connection, ids: KnownIds, reports: list[StationReported], now_ms: int
) -> None:
    """Store the newest ledger of each station."""
    newest = {report.nap_id: report.stats for report in reports}
    rows = [
        {
            "row": ids.stations[nap_id],
            "stats": msgspec.json.encode(stats).decode(),
            "stats_ms": now_ms,
        }
        for nap_id, stats in newest.items()
    ]
    connection.execute(update(station).where(station.c.id == bindparam("row")), rows)
