"""Which records of which spools are stored: what makes a replay harmless."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import Connection, insert, select, tuple_

from cloud.store.entries import RepetitionsHeard, UplinkHeard
from cloud.store.schema import record
from cloud.store.stations import KnownIds, note_spools
from nap.wire.messages import Repetitions, Uplink

# Row id of the spool, number of the record in it.
RecordKey = tuple[int, int]
RecordEntry = UplinkHeard | RepetitionsHeard


def unseen(
    connection: Connection, ids: KnownIds, entries: Sequence[RecordEntry]
) -> dict[RecordKey, RecordEntry]:
    """Entries whose record is not stored yet, each record once."""
    spools = note_spools(connection, ids, {_spool_of(entry) for entry in entries})
    by_key = {(spools[_spool_of(entry)], _body_of(entry).number): entry for entry in entries}
    known = stored(connection, by_key)
    return {key: entry for key, entry in by_key.items() if key not in known}


def stored(connection: Connection, keys: Iterable[RecordKey]) -> dict[RecordKey, int | None]:
    """The message id of each stored record among `keys`; None where it made no message."""
    wanted = sorted(keys)
    if not wanted:
        return {}
    key = tuple_(record.c.spool_id, record.c.number)
    rows = connection.execute(
        select(record.c.spool_id, record.c.number, record.c.message_id).where(key.in_(wanted))
    )
    return {(spool_id, number): message_id for spool_id, number, message_id in rows}


def write_records(
    connection: Connection,
    keys: Iterable[RecordKey],
    message_ids: Mapping[RecordKey, int],
    now_ms: int,
) -> None:
    """Note that these records are stored."""
    rows = [
        {
            "spool_id": key[0],
            "number": key[1],
            "message_id": message_ids.get(key),
            "stored_ms": now_ms,
        }
        for key in keys
    ]
    if rows:
        connection.execute(insert(record), rows)


def _body_of(entry: RecordEntry) -> Uplink | Repetitions:
    return entry.uplink if isinstance(entry, UplinkHeard) else entry.repetitions


def _spool_of(entry: RecordEntry) -> tuple[str, str]:
    return (entry.nap_id, _body_of(entry).epoch)
