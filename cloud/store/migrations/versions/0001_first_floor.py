"""The first floor: stations, records, messages with their receptions, and what was refused."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0001"
down_revision: Final = None


def upgrade() -> None:
    """Create the tables and the one row of numbering."""
    op.create_table(
        "message",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("identity_key", sa.BigInteger(), nullable=False),
        sa.Column("device_id", sa.String(length=8), nullable=False),
        sa.Column("seq_number", sa.SmallInteger(), nullable=False),
        sa.Column("payload", sa.LargeBinary(length=32), nullable=False),
        sa.Column("packet", sa.LargeBinary(length=32), nullable=False),
        sa.Column("message_type", sa.String(length=24), nullable=False),
        sa.Column("bidirectional", sa.Boolean(), nullable=False),
        sa.Column("repeated", sa.Boolean(), nullable=False),
        sa.Column("bit_rate", sa.SmallInteger(), nullable=False),
        sa.Column("simulated", sa.Boolean(), nullable=False),
        sa.Column("heard_ms", sa.BigInteger(), nullable=False),
        sa.Column("stored_ms", sa.BigInteger(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message")),
    )
    op.create_index(
        op.f("ix_message_device_id_heard_ms_id"),
        "message",
        ["device_id", "heard_ms", "id"],
        unique=False,
    )
    op.create_index(op.f("ix_message_heard_ms_id"), "message", ["heard_ms", "id"], unique=False)
    op.create_index(
        op.f("ix_message_identity_key_heard_ms"),
        "message",
        ["identity_key", "heard_ms"],
        unique=False,
    )
    op.create_index(op.f("ix_message_revision"), "message", ["revision"], unique=True)
    op.create_table(
        "numbering",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("last_message_id", sa.BigInteger(), nullable=False),
        sa.Column("last_revision", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_numbering_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_numbering")),
    )
    op.create_table(
        "refused",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("stored_ms", sa.BigInteger(), nullable=False),
        sa.Column("nap_id", sa.String(length=32), nullable=True),
        sa.Column("topic", sa.String(length=200), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refused")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "station",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("nap_id", sa.String(length=32), nullable=False),
        sa.Column("online", sa.Boolean(), nullable=True),
        sa.Column("since_ms", sa.BigInteger(), nullable=True),
        sa.Column("model", sa.String(length=16), nullable=True),
        sa.Column("version", sa.String(length=64), nullable=True),
        sa.Column("simulated", sa.Boolean(), nullable=False),
        sa.Column("first_seen_ms", sa.BigInteger(), nullable=False),
        sa.Column("last_seen_ms", sa.BigInteger(), nullable=False),
        sa.Column("stats", sa.Text(), nullable=True),
        sa.Column("stats_ms", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_station")),
        sa.UniqueConstraint("nap_id", name=op.f("uq_station_nap_id")),
    )
    op.create_table(
        "tally",
        sa.Column("minute", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("messages", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("minute", name=op.f("pk_tally")),
    )
    op.create_table(
        "reception",
        sa.Column("message_id", sa.BigInteger(), nullable=False),
        sa.Column("station_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("snr_db", sa.Float(), nullable=False),
        sa.Column("rssi_dbm", sa.Float(), nullable=True),
        sa.Column("frequency_hz", sa.Float(), nullable=False),
        sa.Column("combined", sa.Boolean(), nullable=False),
        sa.Column("replicas", sa.SmallInteger(), nullable=False),
        sa.Column("frames", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["message_id"], ["message.id"], name=op.f("fk_reception_message_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["station_id"], ["station.id"], name=op.f("fk_reception_station_id")
        ),
        sa.PrimaryKeyConstraint("message_id", "station_id", name=op.f("pk_reception")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "spool",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("station_id", sa.Integer(), nullable=False),
        sa.Column("epoch", sa.String(length=16), nullable=False),
        sa.ForeignKeyConstraint(["station_id"], ["station.id"], name=op.f("fk_spool_station_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_spool")),
        sa.UniqueConstraint("station_id", "epoch", name=op.f("uq_spool_station_id_epoch")),
    )
    op.create_table(
        "early_repetitions",
        sa.Column("spool_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("uplink_number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("frames", sa.Text(), nullable=False),
        sa.Column("stored_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["spool_id"], ["spool.id"], name=op.f("fk_early_repetitions_spool_id")
        ),
        sa.PrimaryKeyConstraint("spool_id", "uplink_number", name=op.f("pk_early_repetitions")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "record",
        sa.Column("spool_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("message_id", sa.BigInteger(), nullable=True),
        sa.Column("stored_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["spool_id"], ["spool.id"], name=op.f("fk_record_spool_id")),
        sa.PrimaryKeyConstraint("spool_id", "number", name=op.f("pk_record")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_record_stored_ms"), "record", ["stored_ms"], unique=False)
    op.execute("INSERT INTO numbering (id, last_message_id, last_revision) VALUES (1, 0, 0)")
