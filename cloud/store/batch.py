"""One transaction: store a batch of entries so that each record counts exactly once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from cloud.store.entries import (
    Entry,
    Refused,
    RepetitionsHeard,
    StationChanged,
    StationReported,
    UplinkHeard,
)
from cloud.store.numbers import Numbers
from cloud.store.placing import place_uplinks
from cloud.store.receptions import Heard, How, write_receptions
from cloud.store.records import RecordEntry, RecordKey, unseen, write_records
from cloud.store.refusals import write_refusals
from cloud.store.repetitions import of_stored_uplinks, that_waited
from cloud.store.stations import KnownIds, note_stations, write_changes, write_reports
from cloud.store.tally import count_messages


@dataclass(frozen=True, slots=True)
class _When:
    now_ms: int
    window_ms: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a committed batch changed."""

    new_records: int = 0
    replayed_records: int = 0
    new_messages: int = 0

    def __add__(self, other: Outcome) -> Outcome:
        return Outcome(
            self.new_records + other.new_records,
            self.replayed_records + other.replayed_records,
            self.new_messages + other.new_messages,
        )


def write_batch(
    connection: Connection, ids: KnownIds, entries: Sequence[Entry], now_ms: int, window_ms: int
) -> Outcome:
    """Store `entries` in the caller's transaction.

    Args:
        connection: Inside a transaction of an engine made by `open_writer`.
        ids: The caller clears it when the transaction fails.
        entries: In the order in which they came.
        now_ms: Wall clock, ms since 1970.
        window_ms: Receptions further apart are never the same message.
    """
    numbers = Numbers.take(connection)
    note_stations(connection, ids, (e.nap_id for e in entries if e.nap_id is not None), now_ms)
    _write_side_entries(connection, ids, entries, now_ms)
    records = [entry for entry in entries if isinstance(entry, RecordEntry)]
    fresh = unseen(connection, ids, records)
    new_messages = _write_records(connection, numbers, ids, fresh, _When(now_ms, window_ms))
    numbers.give_back(connection)
    return Outcome(len(fresh), len(records) - len(fresh), new_messages)


def _write_side_entries(
    connection: Connection, ids: KnownIds, entries: Sequence[Entry], now_ms: int
) -> None:
    if changes := [e for e in entries if isinstance(e, StationChanged)]:
        write_changes(connection, ids, changes)
    if reports := [e for e in entries if isinstance(e, StationReported)]:
        write_reports(connection, ids, reports, now_ms)
    if refusals := [e for e in entries if isinstance(e, Refused)]:
        write_refusals(connection, refusals, now_ms)


def _write_records(
    connection: Connection,
    numbers: Numbers,
    ids: KnownIds,
    fresh: Mapping[RecordKey, RecordEntry],
    when: _When,
) -> int:
    uplinks = {k: e for k, e in fresh.items() if isinstance(e, UplinkHeard)}
    repetitions = {k: e for k, e in fresh.items() if isinstance(e, RepetitionsHeard)}
    bodies = {key: entry.uplink for key, entry in uplinks.items()}
    placed = place_uplinks(connection, numbers, bodies, when.now_ms, when.window_ms)
    write_records(connection, fresh, placed.message_ids, when.now_ms)
    heard = [
        *_of_uplinks(ids, uplinks, placed.message_ids),
        *that_waited(connection, ids, uplinks, placed.message_ids),
        *of_stored_uplinks(connection, ids, repetitions, placed.message_ids, when.now_ms),
    ]
    write_receptions(connection, numbers, heard, placed.new_ids)
    count_messages(connection, len(placed.new_ids), when.now_ms)
    return len(placed.new_ids)


def _of_uplinks(
    ids: KnownIds, uplinks: Mapping[RecordKey, UplinkHeard], placed: Mapping[RecordKey, int]
) -> Iterator[Heard]:
    for key, entry in uplinks.items():
        uplink = entry.uplink
        yield Heard(placed[key], ids.stations[entry.nap_id], [uplink.frame], How.of(uplink))
