"""The bounded memory of what was refused."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection, delete, func, insert, select

from cloud.store.entries import Refused
from cloud.store.schema import refused

KEPT_ROWS: Final = 10_000
KEPT_BODY_BYTES: Final = 2_048


def write_refusals(connection: Connection, entries: list[Refused], now_ms: int) -> None:
    """Store refusals; the oldest beyond the limit go."""
    rows = [
        {
            "stored_ms": now_ms,
            "nap_id": entry.nap_id,
            "topic": entry.topic[:200],
            "reason": entry.reason[:200],
            "size_bytes": entry.size_bytes,
            "body": entry.body[:KEPT_BODY_BYTES],
        }
        for entry in entries
    ]
    connection.execute(insert(refused), rows)
    newest = select(func.max(refused.c.id)).scalar_subquery()
    connection.execute(delete(refused).where(refused.c.id <= newest - KEPT_ROWS))
