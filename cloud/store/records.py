"""Which records of which spools are stored: what makes a replay harmless."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import msgspec
from sqlalchemy import Connection, insert, text

from cloud.store.entries import RepetitionsHeard, UplinkHeard
from cloud.store.schema import record
from cloud.store.stations import KnownIds, note_spools
from nap.wire.messages import Repetitions, Uplink

# Row id of the spool, number of the record in it.
RecordKey = tuple[int, int]
RecordEntry = UplinkHeard | RepetitionsHeard

# One parameter, one plan, one index search per key. For "(a, b) IN (VALUES ...)" SQLite reads the
# whole table, and a VALUES list as a table is compiled anew for each length.
_STORED: Final = {
    "sqlite": text(
        "SELECT r.spool_id, r.number, r.message_id FROM json_each(:keys) AS k JOIN record AS r"
        " ON r.spool_id = json_extract(k.value, '$[0]')"
        " AND r.number = json_extract(k.value, '$[1]')"
    ),
    "postgresql": text(
        "SELECT r.spool_id, r.number, r.message_id"
        " FROM jsonb_array_elements(CAST(:keys AS jsonb)) AS k JOIN record AS r"
        " ON r.spool_id = CAST(k.value ->> 0 AS integer)"
        " AND r.number = CAST(k.value ->> 1 AS bigint)"
    ),
}


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
    wanted = list(keys)
    if not wanted:
        return {}
    query = _STORED[connection.dialect.name]
    rows = connection.execute(query, {"keys": msgspec.json.encode(wanted).decode()})
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
