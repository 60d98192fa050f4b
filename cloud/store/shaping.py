"""Rows of tables to what readers get. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
from sqlalchemy import Row

from cloud.store.identity import decode_frames
from cloud.store.views import Message, Reception, Station


def shape_message(row: Row[Any], receptions: Sequence[Row[Any]]) -> Message:
    """A message of its row and those of its receptions."""
    heard = sorted((_shape_reception(one) for one in receptions), key=lambda r: -r.snr_db)
    best = heard[0]
    return Message(
        id=row.id,
        revision=row.revision,
        device_id=row.device_id,
        seq_number=row.seq_number,
        payload=bytes(row.payload).hex(),
        payload_text=printable(bytes(row.payload)),
        message_type=row.message_type,
        bidirectional=row.bidirectional,
        repeated=row.repeated,
        bit_rate=row.bit_rate,
        simulated=row.simulated,
        heard_utc=iso(row.heard_ms),
        stored_utc=iso(row.stored_ms),
        snr_db=best.snr_db,
        rssi_dbm=best.rssi_dbm,
        frequency_hz=best.frequency_hz,
        zone=best.zone,
        late=all(one.late for one in heard),
        replicas=len({frame.rank for one in heard for frame in one.frames}),
        receptions=heard,
    )


def shape_station(row: Row[Any]) -> Station:
    """A station of its row."""
    return Station(
        nap_id=row.nap_id,
        online=row.online,
        since_utc=iso(row.since_ms) if row.since_ms is not None else None,
        model=row.model,
        version=row.version,
        simulated=row.simulated,
        first_seen_utc=iso(row.first_seen_ms),
        last_seen_utc=iso(row.last_seen_ms),
        stats=msgspec.Raw(row.stats.encode()) if row.stats is not None else None,
    )


def printable(payload: bytes) -> str | None:
    """The payload as text when a person could read all of it."""
    text = payload.decode("ascii", "replace")
    return text if payload.isascii() and text.isprintable() and text.strip() else None


def iso(at_ms: int) -> str:
    """Turn ms since 1970 into ISO 8601 UTC."""
    at = datetime.fromtimestamp(at_ms / 1000, UTC)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _shape_reception(row: Row[Any]) -> Reception:
    return Reception(
        station=row.nap_id,
        snr_db=row.snr_db,
        rssi_dbm=row.rssi_dbm,
        frequency_hz=row.frequency_hz,
        replicas=row.replicas,
        combined=row.combined,
        zone=row.zone,
        late=row.late,
        frames=decode_frames(row.frames),
    )
