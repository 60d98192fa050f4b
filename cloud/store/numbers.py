"""Ids in the order of commits, whatever the number of workers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from sqlalchemy import Connection, select, update

from cloud.store.schema import numbering


@dataclass(slots=True)
class Numbers:
    """Hands out ids within one transaction; holds the one row that every writer locks first."""

    last_message_id: int
    last_revision: int

    @classmethod
    def take(cls, connection: Connection) -> Self:
        """Wait for the other writers, then read where they stopped."""
        row = connection.execute(
            select(numbering.c.last_message_id, numbering.c.last_revision).with_for_update()
        ).one()
        return cls(*row)

    def next_message_id(self) -> int:
        """Id of a new message."""
        self.last_message_id += 1
        return self.last_message_id

    def next_revision(self) -> int:
        """Revision of a message that is new or changed."""
        self.last_revision += 1
        return self.last_revision

    def give_back(self, connection: Connection) -> None:
        """Write down where this transaction stopped."""
        connection.execute(
            update(numbering).values(
                last_message_id=self.last_message_id, last_revision=self.last_revision
            )
        )
