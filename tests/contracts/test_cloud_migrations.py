"""A store of an older program is brought to the newest schema with all that it holds."""

from __future__ import annotations

from pathlib import Path

import msgspec
from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, text

from cloud.store import migrate as migrations
from cloud.store.commit import Committer
from cloud.store.engine import open_reader, open_writer, parse_url
from cloud.store.entries import UplinkHeard
from cloud.store.migrate import migrate
from cloud.store.reader import MessageFilter, Reader
from tests.servers.station import uplink

FIRST_FLOOR = """
UPDATE numbering SET last_message_id = 1, last_revision = 1;
INSERT INTO station (nap_id, simulated, first_seen_ms, last_seen_ms)
    VALUES ('NAP-1', FALSE, 1, 1);
INSERT INTO message (id, identity_key, device_id, seq_number, payload, packet, message_type,
        bidirectional, repeated, bit_rate, simulated, heard_ms, stored_ms, revision)
    VALUES (1, 5, '0123abcd', 7, :nothing, :nothing, 'empty', FALSE, FALSE, 100, FALSE, 1, 1, 1);
INSERT INTO reception (message_id, station_id, snr_db, frequency_hz, combined, replicas, frames)
    VALUES (1, 1, 9.5, 868e6, FALSE, 1, '[]')
"""


def make_first_floor(engine: Engine) -> None:
    """The schema of the first program, with one message."""
    config = Config()
    folder = Path(migrations.__file__).parent / "migrations"
    config.set_main_option("script_location", str(folder))
    config.set_main_option("path_separator", "os")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        for statement in FIRST_FLOOR.split(";"):
            connection.execute(text(statement), {"nothing": b""})


def test_messages_from_before_stations_told_their_zone_are_kept(database_url: str) -> None:
    engine = open_writer(parse_url(database_url))
    make_first_floor(engine)
    migrate(engine)
    newer = UplinkHeard("NAP-1", msgspec.structs.replace(uplink(2), zone="RC1"))
    Committer(engine, window_ms=60_000).commit([newer])
    reading = open_reader(parse_url(database_url))
    messages = Reader(reading).page(MessageFilter(), 10).messages
    reading.dispose()
    engine.dispose()
    assert sorted((one.id, one.zone, one.late) for one in messages) == [
        (1, None, False),
        (2, "RC1", False),
    ]
