"""Who heard a message, how well, and how often."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, update

from cloud.store.identity import decode_frames, encode_frames, merge_frames, strongest
from cloud.store.numbers import Numbers
from cloud.store.schema import message, reception
from nap.wire.messages import Frame

ReceptionKey = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Heard:
    """Replicas of a message that one station told us about now."""

    message_id: int
    station_id: int
    frames: Sequence[Frame]
    combined: bool


def write_receptions(
    connection: Connection, numbers: Numbers, heard: Iterable[Heard], new_ids: set[int]
) -> None:
    """Add what was heard to the receptions; messages that changed get a new revision."""
    told = _merged(heard)
    old_ids = {message_id for message_id, _ in told} - new_ids
    known = _known(connection, old_ids)
    inserts, updates, touched = [], [], set()
    for key, (frames, combined) in told.items():
        message_id = key[0]
        if message_id not in new_ids and message_id not in known:
            continue  # retention was faster than the station
        before = known.get(message_id, {}).get(key[1])
        if before is None:
            inserts.append(_row(key, frames, combined=combined))
        else:
            updates.append(_row(key, merge_frames(before[0], frames), combined=before[1]))
        if message_id not in new_ids:
            touched.add(message_id)
    if inserts:
        connection.execute(insert(reception), inserts)
    if updates:
        _update(connection, updates)
    if touched:
        rows = [{"row": m, "revision": numbers.next_revision()} for m in sorted(touched)]
        connection.execute(update(message).where(message.c.id == bindparam("row")), rows)


def _merged(heard: Iterable[Heard]) -> dict[ReceptionKey, tuple[list[Frame], bool]]:
    told: dict[ReceptionKey, tuple[list[Frame], bool]] = {}
    for one in heard:
        key = (one.message_id, one.station_id)
        frames, combined = told.get(key, ([], one.combined))
        told[key] = (merge_frames(frames, one.frames), combined)
    return {key: value for key, value in told.items() if value[0]}


def _known(
    connection: Connection, message_ids: set[int]
) -> dict[int, dict[int, tuple[list[Frame], bool]]]:
    if not message_ids:
        return {}
    rows = connection.execute(
        select(message.c.id, reception.c.station_id, reception.c.frames, reception.c.combined)
        .outerjoin_from(message, reception, reception.c.message_id == message.c.id)
        .where(message.c.id.in_(sorted(message_ids)))
    )
    known: dict[int, dict[int, tuple[list[Frame], bool]]] = {}
    for message_id, station_id, frames, combined in rows:
        stations = known.setdefault(message_id, {})
        if station_id is not None:
            stations[station_id] = (decode_frames(frames), combined)
    return known


def _row(key: ReceptionKey, frames: list[Frame], *, combined: bool) -> dict[str, Any]:
    best = strongest(frames)
    return {
        "message_id": key[0],
        "station_id": key[1],
        "snr_db": best.snr_db,
        "rssi_dbm": best.rssi_dbm,
        "frequency_hz": best.frequency_hz,
        "combined": combined,
        "replicas": len(frames),
        "frames": encode_frames(frames),
    }


def _update(connection: Connection, rows: list[dict[str, Any]]) -> None:
    changed = update(reception).where(
        reception.c.message_id == bindparam("of_message"),
        reception.c.station_id == bindparam("of_station"),
    )
    connection.execute(
        changed,
        [
            {"of_message": row.pop("message_id"), "of_station": row.pop("station_id")} | row
            for row in rows
        ],
    )
