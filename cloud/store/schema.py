"""The tables. Times are ms since 1970 UTC; ids grow in the order of commits.

    station 1 ── n spool 1 ── n record n ── 1 message 1 ── n reception n ── 1 station

A *record* is what a station sent: (spool, number) is stored once, whatever is replayed. A *message*
is what a device sent: several stations may hear it, each has one *reception*.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
)

metadata: Final = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# One row. Whoever writes locks it first, so that ids and revisions follow the order of commits
# with any number of workers, and a reader that asks for "greater than the last" misses nothing.
numbering: Final = Table(
    "numbering",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("last_message_id", BigInteger, nullable=False),
    Column("last_revision", BigInteger, nullable=False),
    CheckConstraint("id = 1", name="one_row"),
)

station: Final = Table(
    "station",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("nap_id", String(32), nullable=False, unique=True),
    Column("online", Boolean),
    Column("since_ms", BigInteger),
    Column("model", String(16)),
    Column("version", String(64)),
    Column("simulated", Boolean, nullable=False),
    Column("first_seen_ms", BigInteger, nullable=False),
    Column("last_seen_ms", BigInteger, nullable=False),
    Column("stats", Text),
    Column("stats_ms", BigInteger),
)

spool: Final = Table(
    "spool",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("station_id", ForeignKey("station.id"), nullable=False),
    Column("epoch", String(16), nullable=False),
    UniqueConstraint("station_id", "epoch"),
)

message: Final = Table(
    "message",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    # 63-bit hash of what makes two receptions the same message; equal keys are compared in full.
    Column("identity_key", BigInteger, nullable=False),
    Column("device_id", String(8), nullable=False),
    Column("seq_number", SmallInteger, nullable=False),
    Column("payload", LargeBinary(32), nullable=False),
    Column("packet", LargeBinary(32), nullable=False),
    Column("message_type", String(24), nullable=False),
    Column("bidirectional", Boolean, nullable=False),
    Column("repeated", Boolean, nullable=False),
    Column("bit_rate", SmallInteger, nullable=False),
    Column("simulated", Boolean, nullable=False),
    Column("heard_ms", BigInteger, nullable=False),
    Column("stored_ms", BigInteger, nullable=False),
    # Grows with every change of the message or its receptions: what the live page follows.
    Column("revision", BigInteger, nullable=False),
    Index(None, "identity_key", "heard_ms"),
    Index(None, "heard_ms", "id"),
    Index(None, "device_id", "heard_ms", "id"),
    Index(None, "revision", unique=True),
)

reception: Final = Table(
    "reception",
    metadata,
    Column("message_id", ForeignKey("message.id", ondelete="CASCADE"), primary_key=True),
    Column("station_id", ForeignKey("station.id"), primary_key=True, autoincrement=False),
    Column("snr_db", Float, nullable=False),
    Column("rssi_dbm", Float),
    Column("frequency_hz", Float, nullable=False),
    Column("combined", Boolean, nullable=False),
    Column("replicas", SmallInteger, nullable=False),
    Column("frames", Text, nullable=False),
    Column("zone", String(3)),
    Column("late", Boolean, nullable=False, server_default=false()),
    sqlite_with_rowid=False,
)

record: Final = Table(
    "record",
    metadata,
    Column("spool_id", ForeignKey("spool.id"), primary_key=True, autoincrement=False),
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    # No foreign key: it outlives the message, or a replay after retention would store it anew.
    Column("message_id", BigInteger),
    Column("stored_ms", BigInteger, nullable=False),
    Index(None, "stored_ms"),
    sqlite_with_rowid=False,
)

# Replicas whose uplink is still on its way: another worker or the backlog lane has it.
early_repetitions: Final = Table(
    "early_repetitions",
    metadata,
    Column("spool_id", ForeignKey("spool.id"), primary_key=True, autoincrement=False),
    Column("uplink_number", BigInteger, primary_key=True, autoincrement=False),
    Column("frames", Text, nullable=False),
    Column("stored_ms", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

# How many messages came in each minute since 1970: counting rows would slow down as they grow.
tally: Final = Table(
    "tally",
    metadata,
    Column("minute", Integer, primary_key=True, autoincrement=False),
    Column("messages", BigInteger, nullable=False),
)

refused: Final = Table(
    "refused",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("stored_ms", BigInteger, nullable=False),
    Column("nap_id", String(32)),
    Column("topic", String(200), nullable=False),
    Column("reason", String(200), nullable=False),
    Column("size_bytes", Integer, nullable=False),
    Column("body", LargeBinary, nullable=False),
    sqlite_autoincrement=True,
)
