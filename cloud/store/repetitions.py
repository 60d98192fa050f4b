"""Join replicas to the message they repeat, whichever of the two comes first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sqlalchemy import Connection, delete, select, tuple_

from cloud.store.entries import RepetitionsHeard, UplinkHeard
from cloud.store.identity import decode_frames, encode_frames
from cloud.store.insert import insert_new
from cloud.store.receptions import Heard, How
from cloud.store.records import RecordKey, stored
from cloud.store.schema import early_repetitions
from cloud.store.stations import KnownIds


def of_stored_uplinks(
    connection: Connection,
    ids: KnownIds,
    repetitions: Mapping[RecordKey, RepetitionsHeard],
    placed: Mapping[RecordKey, int],
    now_ms: int,
) -> list[Heard]:
    """Replicas of messages that are stored; those of others are kept for their uplink."""
    targets = {key: (key[0], e.repetitions.uplink_number) for key, e in repetitions.items()}
    known = stored(connection, set(targets.values()) - placed.keys()) | dict(placed)
    heard, early = [], []
    for key, entry in repetitions.items():
        target, frames = targets[key], entry.repetitions.frames
        if target not in known:
            row = {"spool_id": target[0], "uplink_number": target[1], "stored_ms": now_ms}
            early.append(row | {"frames": encode_frames(frames)})
        elif (message_id := known[target]) is not None:
            heard.append(Heard(message_id, ids.stations[entry.nap_id], frames, how=None))
    insert_new(connection, early_repetitions, early)
    return heard


def that_waited(
    connection: Connection,
    ids: KnownIds,
    uplinks: Mapping[RecordKey, UplinkHeard],
    placed: Mapping[RecordKey, int],
) -> Iterator[Heard]:
    """Replicas that came before their uplink, which is here now."""
    early = early_repetitions.c
    if not uplinks or connection.scalar(select(early.spool_id).limit(1)) is None:
        return
    ours = tuple_(early.spool_id, early.uplink_number).in_(sorted(uplinks))
    found = select(early.spool_id, early.uplink_number, early.frames).where(ours)
    for spool_id, number, frames in connection.execute(found).all():
        entry = uplinks[spool_id, number]
        station_id = ids.stations[entry.nap_id]
        told = decode_frames(frames)
        yield Heard(placed[spool_id, number], station_id, told, How.of(entry.uplink))
    connection.execute(delete(early_repetitions).where(ours))
