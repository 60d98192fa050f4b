"""Who heard a message, how well, and how often."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, bindparam, insert, select, update

from cloud.store.identity import decode_frames, encode_frames, merge_frames, strongest
from cloud.store.numbers import Numbers
from cloud.store.schema import message, reception
from nap.wire.messages import Frame, Uplink

ReceptionKey = tuple[int, int]


class How(NamedTuple):
    """What the uplink of a station said beside its frames.

    Attributes:
        combined: Only the frames together decoded.
        late: It was decoded long after it was heard.
    """

    combined: bool
    zone: str | None
    late: bool

    @classmethod
    def of(cls, uplink: Uplink) -> How:
        """As the uplink says."""
        return cls(uplink.combined, uplink.zone, uplink.late)


@dataclass(frozen=True, slots=True)
class Heard:
    """Replicas of a message that one station told us about now.

    Attributes:
        how: None where they repeat an uplink, which said it.
    """

    message_id: int
    station_id: int
    frames: Sequence[Frame]
    how: How | None


_Told = tuple[list[Frame], How | None]
_UNTOLD: Final = How(combined=False, zone=None, late=False)


def write_receptions(
    connection: Connection, numbers: Numbers, heard: Iterable[Heard], new_ids: set[int]
) -> None:
    """Add what was heard to the receptions; messages that changed get a new revision."""
    told = _merged(heard)
    old_ids = {message_id for message_id, _ in told} - new_ids
    known = _known(connection, old_ids)
    inserts, updates, touched = [], [], set()
    for key, (frames, how) in told.items():
        message_id = key[0]
        if message_id not in new_ids and message_id not in known:
            continue  # retention was faster than the station
        before = known.get(message_id, {}).get(key[1])
        if before is None:
            inserts.append(_row(key, frames, how or _UNTOLD))
        else:
            updates.append(_row(key, merge_frames(before[0], frames), before[1] or _UNTOLD))
        if message_id not in new_ids:
            touched.add(message_id)
    if inserts:
        connection.execute(insert(reception), inserts)
    if updates:
        _update(connection, updates)
    if touched:
        rows = [{"row": m, "revision": numbers.next_revision()} for m in sorted(touched)]
        connection.execute(update(message).where(message.c.id == bindparam("row")), rows)


def _merged(heard: Iterable[Heard]) -> dict[ReceptionKey, _Told]:
    told: dict[ReceptionKey, _Told] = {}
    for one in heard:
        key = (one.message_id, one.station_id)
        frames, how = told.get(key, ([], None))
        told[key] = (merge_frames(frames, one.frames), how or one.how)
    return {key: value for key, value in told.items() if value[0]}


def _known(connection: Connection, message_ids: set[int]) -> dict[int, dict[int, _Told]]:
    if not message_ids:
        return {}
    columns = reception.c
    how = (columns.combined, columns.zone, columns.late)
    rows = connection.execute(
        select(message.c.id, columns.station_id, columns.frames, *how)
        .outerjoin_from(message, reception, reception.c.message_id == message.c.id)
        .where(message.c.id.in_(sorted(message_ids)))
    )
    known: dict[int, dict[int, _Told]] = {}
    for message_id, station_id, frames, *told in rows:
        stations = known.setdefault(message_id, {})
        if station_id is not None:
            stations[station_id] = (decode_frames(frames), How(*told))
    return known


def _row(key: ReceptionKey, frames: list[Frame], how: How) -> dict[str, Any]:
    best = strongest(frames)
    return {
        "message_id": key[0],
        "station_id": key[1],
        "snr_db": best.snr_db,
        "rssi_dbm": best.rssi_dbm,
        "frequency_hz": best.frequency_hz,
        **how._asdict(),
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
