"""How many messages came in each minute."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection, select, update

from cloud.store.insert import insert_new
from cloud.store.schema import tally

MINUTE_MS: Final = 60_000


def count_messages(connection: Connection, messages: int, now_ms: int) -> None:
    """Add new messages to the present minute."""
    if messages == 0:
        return
    minute = now_ms // MINUTE_MS
    insert_new(connection, tally, [{"minute": minute, "messages": 0}])
    connection.execute(
        update(tally).where(tally.c.minute == minute).values(messages=tally.c.messages + messages)
    )


def per_minute(connection: Connection, minutes: int, now_ms: int) -> list[int]:
    """Messages in each of the last `minutes` minutes, the present one last."""
    last = now_ms // MINUTE_MS
    first = last - minutes + 1
    rows = connection.execute(
        select(tally.c.minute, tally.c.messages).where(tally.c.minute.between(first, last))
    )
    counted = {row.minute: row.messages for row in rows}
    return [counted.get(minute, 0) for minute in range(first, last + 1)]
