"""What the store promises on every database."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, func, select

from cloud.errors import BadCursorError
from cloud.store.commit import Committer
from cloud.store.engine import open_reader, open_writer, parse_url
from cloud.store.entries import (
    Entry,
    Refused,
    RepetitionsHeard,
    StationChanged,
    StationReported,
    UplinkHeard,
)
from cloud.store.migrate import migrate
from cloud.store.reader import MessageFilter, Reader
from cloud.store.refusals import KEPT_ROWS
from cloud.store.retention import Retention
from cloud.store.schema import metadata, record, refused
from nap.wire.messages import Connection, Frame, Repetitions, Stats
from tests.servers.station import uplink

EVERYTHING = MessageFilter()


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = open_writer(parse_url(database_url))
    migrate(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def store(engine: Engine) -> Committer:
    return Committer(engine, window_ms=60_000)


@pytest.fixture
def reader(database_url: str, engine: Engine) -> Iterator[Reader]:
    assert engine.url == parse_url(database_url), "migrated before it is read"
    reading = open_reader(parse_url(database_url))
    yield Reader(reading)
    reading.dispose()


def heard(number: int, nap_id: str = "NAP-1", **changes: object) -> UplinkHeard:
    return UplinkHeard(nap_id, msgspec.structs.replace(uplink(number), **changes))


def heard_at(number: int, at_utc: str | None, **changes: object) -> UplinkHeard:
    frame = msgspec.structs.replace(uplink(number).frame, received_utc=at_utc)
    return heard(number, frame=frame, **changes)


def again(number: int, of: int, nap_id: str = "NAP-1", **changes: object) -> UplinkHeard:
    """The message of record `of` once more, as a record of its own."""
    return UplinkHeard(nap_id, msgspec.structs.replace(uplink(of), number=number, **changes))


def frame(rank: int, snr_db: float) -> Frame:
    return msgspec.structs.replace(uplink(1).frame, rank=rank, snr_db=snr_db)


def repeated(number: int, of: int, frames: Sequence[Frame], nap_id: str = "NAP-1") -> Entry:
    body = Repetitions(
        epoch=uplink(1).epoch,
        number=number,
        uplink_number=of,
        device_id="00000001",
        seq_number=1,
        frames=list(frames),
    )
    return RepetitionsHeard(nap_id, body)


def test_the_migrations_make_exactly_the_tables_of_the_code(engine: Engine) -> None:
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_programs_that_start_together_migrate_once(database_url: str) -> None:
    def start() -> str:
        engine = open_writer(parse_url(database_url))
        try:
            return migrate(engine)
        finally:
            engine.dispose()

    with ThreadPoolExecutor(4) as pool:
        revisions = [future.result() for future in [pool.submit(start) for _ in range(4)]]
    assert len(set(revisions)) == 1


def test_a_replay_changes_nothing(store: Committer, reader: Reader) -> None:
    first = [heard(number) for number in range(1, 6)]
    assert store.commit([*first, first[0]])[1].new_records == 5
    before = reader.page(EVERYTHING, 10)
    outcome = store.commit([*first, heard(6)])[1]
    assert (outcome.new_records, outcome.replayed_records, outcome.new_messages) == (1, 5, 1)
    after = reader.page(EVERYTHING, 10)
    assert len(after.messages) == 6
    assert {m.id: m for m in before.messages}.items() <= {m.id: m for m in after.messages}.items()


def test_numbers_of_another_spool_are_other_records(store: Committer, reader: Reader) -> None:
    store.commit([heard(1), heard(1, "NAP-2"), heard(1, epoch="f" * 16)])
    (message,) = reader.page(EVERYTHING, 10).messages
    assert sorted(one.station for one in message.receptions) == ["NAP-1", "NAP-2"]


def test_stations_that_hear_one_message_share_it(store: Committer, reader: Reader) -> None:
    strong = msgspec.structs.replace(uplink(1).frame, snr_db=30.0, rank=2, rssi_dbm=-80.0)
    store.commit([heard(1)])
    store.commit([again(9, 1, "NAP-2", frame=strong)])
    (message,) = reader.page(EVERYTHING, 10).messages
    assert [one.station for one in message.receptions] == ["NAP-2", "NAP-1"]
    assert (message.snr_db, message.rssi_dbm, message.replicas) == (30.0, -80.0, 2)


def test_a_rolled_over_counter_with_the_same_packet_is_a_new_message(
    store: Committer, reader: Reader
) -> None:
    for number, at_utc in [
        (1, "2026-03-01T10:00:00Z"),
        (2, "2026-03-01T10:00:50Z"),
        (3, "2026-03-01T11:30:00Z"),
    ]:
        frame = msgspec.structs.replace(uplink(1).frame, received_utc=at_utc)
        store.commit([again(number, 1, frame=frame)])
    heard_utc = [message.heard_utc for message in reader.page(EVERYTHING, 10).messages]
    assert heard_utc == ["2026-03-01T11:30:00.000Z", "2026-03-01T10:00:00.000Z"]


@pytest.mark.parametrize("together", [True, False])
@pytest.mark.parametrize("early", [True, False])
def test_replicas_find_their_message_whichever_comes_first(
    store: Committer, reader: Reader, *, early: bool, together: bool
) -> None:
    entries = [heard(1), repeated(2, 1, [frame(1, 3.0), frame(2, 20.0), frame(3, 4.0)])]
    entries = entries[::-1] if early else entries
    for batch in [entries] if together else [[entry] for entry in entries]:
        store.commit(batch)
    (message,) = reader.page(EVERYTHING, 10).messages
    assert (message.replicas, message.snr_db) == (3, 20.0)
    assert [one.rank for one in message.receptions[0].frames] == [1, 2, 3]
    assert store.commit(entries)[1].replayed_records == 2


@pytest.mark.parametrize("together", [True, False])
def test_zone_and_lateness_are_what_each_stations_uplink_said(
    store: Committer, reader: Reader, *, together: bool
) -> None:
    strong = msgspec.structs.replace(uplink(1).frame, snr_db=30.0)
    told: list[Entry] = [
        heard(1, zone="RC1", late=True),
        repeated(2, 1, [frame(2, 3.0)]),
        again(9, 1, "NAP-2", frame=strong, zone="RC7"),
        heard(3, late=True, zone="RC1"),
        heard(4),
    ]
    for batch in [told] if together else [[entry] for entry in told]:
        store.commit(batch)
    first, late, silent = sorted(
        reader.page(EVERYTHING, 10).messages, key=lambda message: message.id
    )
    assert [(one.station, one.zone, one.late) for one in first.receptions] == [
        ("NAP-2", "RC7", False),
        ("NAP-1", "RC1", True),
    ]
    # One station decoded it when it was heard.
    assert (first.zone, first.late, first.replicas) == ("RC7", False, 2)
    assert (late.zone, late.late) == ("RC1", True)
    assert (silent.zone, silent.late) == (None, False)


def test_every_change_is_told_in_order_and_only_once(store: Committer, reader: Reader) -> None:
    store.commit([heard(1), heard(2), heard(3)])
    seen = reader.changed(0, 100)
    assert [message.id for message in seen] == [1, 2, 3]
    store.commit([repeated(4, 2, [frame(2, 1.0)]), heard(2)])
    changed = reader.changed(seen[-1].revision, 100)
    assert [(message.id, message.replicas) for message in changed] == [(2, 2)]
    assert reader.revision() == changed[-1].revision
    assert reader.changed(reader.revision(), 100) == []


def test_pages_hold_every_message_once_while_others_come(store: Committer, reader: Reader) -> None:
    for number in range(1, 101):
        store.commit([heard_at(number, f"2026-03-01T10:{number % 7:02}:00Z")])
    found: list[int] = []
    cursor = None
    while True:
        page = reader.page(EVERYTHING, 7, cursor)
        found += [message.id for message in page.messages]
        if (cursor := page.next) is None:
            break
        store.commit([heard_at(1000 + len(found), "2026-03-01T12:00:00Z")])
    assert sorted(found) == list(range(1, 101))
    times = [message.heard_utc for message in reader.page(EVERYTHING, 500).messages]
    assert times == sorted(times, reverse=True)


def test_filters_by_device_and_time(store: Committer, reader: Reader) -> None:
    for number in range(1, 11):
        store.commit([heard_at(number, f"2026-03-01T10:{number:02}:00Z")])
    at = datetime(2026, 3, 1, 10, 4, tzinfo=UTC)
    since = reader.page(MessageFilter(since=at), 50).messages
    before = reader.page(MessageFilter(before=at), 50).messages
    assert (len(since), len(before)) == (7, 3)
    (one,) = reader.page(MessageFilter(device_id="00000007"), 50).messages
    assert one == reader.message(one.id)
    assert reader.message(10_000) is None


@pytest.mark.parametrize("cursor", ["", "x", "1", "1-", "-1-1", "1-1-1", "9" * 40 + "-1", "1-1\n"])
def test_a_cursor_of_somebody_else_is_told(reader: Reader, cursor: str) -> None:
    with pytest.raises(BadCursorError):
        reader.page(EVERYTHING, 10, cursor)


def test_a_value_that_no_database_takes_does_not_stop_the_others(
    store: Committer, reader: Reader
) -> None:
    entries: list[Entry] = [heard(number) for number in range(1, 21)]
    entries[13] = heard(14, seq_number=2**70)
    written, outcome = store.commit(entries)
    assert outcome.new_records == 19
    assert [entry for entry in written if not isinstance(entry, Refused)] == [
        entry for at, entry in enumerate(entries) if at != 13
    ]
    bad = written[13]
    assert isinstance(bad, Refused)
    assert (bad.nap_id, bad.epoch, bad.number) == ("NAP-1", uplink(1).epoch, 14)
    assert len(reader.page(EVERYTHING, 50).messages) == 19


def test_the_memory_of_refusals_is_bounded(store: Committer, engine: Engine) -> None:
    entry = Refused("N", "t" * 300, "why", b"x" * 9000, 9000)
    for _ in range(0, KEPT_ROWS + 2000, 2000):
        store.commit([entry] * 2000)
    with engine.connect() as connection:
        count, longest = connection.execute(
            select(func.count(), func.max(func.length(refused.c.body))).select_from(refused)
        ).one()
    assert (count, longest) == (KEPT_ROWS, 2048)


def test_what_a_station_says_of_itself_is_kept(store: Committer, reader: Reader) -> None:
    stats = Stats(at_utc="2026-01-01T00:00:00Z", heard=5, end_states={"delivered": 5}, waiting=0)
    online = Connection(online=True, since_utc="2026-01-01T00:00:00Z", model="NAP7", version="1.2")
    store.commit([StationChanged("NAP-2", online), StationReported("NAP-2", stats), heard(1)])
    store.commit([StationChanged("NAP-2", Connection(online=False))])
    first, second = reader.stations(10).stations
    assert (first.nap_id, first.online, first.stats) == ("NAP-1", None, None)
    assert (second.online, second.model, second.version) == (False, "NAP7", "1.2")
    assert msgspec.json.decode(second.stats or b"", type=Stats) == stats
    assert reader.stations(1).next == "NAP-1"
    assert [one.nap_id for one in reader.stations(1, "NAP-1").stations] == ["NAP-2"]


def test_the_summary_counts_new_messages_and_stations(store: Committer, reader: Reader) -> None:
    store.commit([heard(1), heard(2), heard(2), StationChanged("NAP-1", Connection(online=True))])
    store.commit([heard(1, "NAP-2")])
    summary = reader.summary(int(datetime.now(UTC).timestamp() * 1000))
    assert sum(summary.per_minute) == 2
    assert (summary.messages, summary.stations, summary.stations_online) == (2, 2, 1)


def test_two_workers_store_every_message_once_and_in_order(
    database_url: str, engine: Engine, reader: Reader
) -> None:
    """Both get the same messages, one as station NAP-1 heard them, one as NAP-2 did."""

    def work(nap_id: str) -> None:
        mine = open_writer(parse_url(database_url))
        store = Committer(mine, window_ms=60_000)
        for start in range(1, 401, 10):
            store.commit([heard(number, nap_id) for number in range(start, start + 15)])
        mine.dispose()

    with ThreadPoolExecutor(2) as pool:
        for future in [pool.submit(work, nap_id) for nap_id in ("NAP-1", "NAP-2")]:
            future.result()
    messages = reader.changed(0, 1000)
    assert len(messages) == 405
    assert {len(message.receptions) for message in messages} == {2}
    assert sorted(m.id for m in messages) == list(range(1, 406))
    with engine.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(record)) == 810


async def test_old_messages_go_and_their_records_stay(
    store: Committer, reader: Reader, engine: Engine
) -> None:
    now_utc = datetime.now(UTC)
    old = (now_utc - timedelta(days=8)).isoformat()
    store.commit([heard_at(number, old) for number in range(1, 701)] + [heard(701)])
    assert await Retention(engine, None).sweep(now_utc) == 0
    assert await Retention(engine, timedelta(days=7)).sweep(now_utc) == 700
    assert [message.payload for message in reader.page(EVERYTHING, 10).messages] == ["000002bd"]
    outcome = store.commit([heard_at(1, old), repeated(800, 1, [frame(2, 1.0)])])[1]
    assert (outcome.replayed_records, outcome.new_messages) == (1, 0)
    assert len(reader.page(EVERYTHING, 10).messages) == 1
