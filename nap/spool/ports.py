"""What relays need of the spool: one log, one cursor per destination."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class Kind(StrEnum):
    """Which wire message a record becomes; the value is its event name."""

    UPLINK = "uplink"
    REPETITIONS = "repetitions"


class Fate(StrEnum):
    """How a record ended for one destination."""

    DELIVERED = "delivered"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Record:
    """One spooled message.

    Attributes:
        number: 1, 2, … in the life of a spool file, never used twice.
        kind: Which wire message.
        body: JSON of the wire message, `epoch` and `number` included.
        put_at: Wall clock when it was put, s since 1970 (the box may have had no clock).
    """

    number: int
    kind: Kind
    body: bytes
    put_at: float


class OutboundLog(Protocol):
    """The spool as one destination sees it. Every method is safe on the event loop."""

    @property
    def epoch(self) -> str:
        """16 hex digits, new with every spool file."""
        ...

    @property
    def head(self) -> int:
        """Number of the newest durable record; 0 when there never was one."""
        ...

    async def waiting(
        self, destination: str, *, after: int, through: int, limit: int
    ) -> list[Record]:
        """Up to `limit` records in (after, through] not settled for `destination`, in order."""
        ...

    async def count_waiting(self, destination: str) -> int:
        """How many records `destination` still has to take."""
        ...

    async def settle(
        self,
        destination: str,
        ranges: Sequence[tuple[int, int]],
        fate: Fate,
        reason: str | None = None,
    ) -> None:
        """Mark records (first, last, both included) as ended; durable when it returns.

        Unknown and already settled numbers are ignored: an acknowledgment may come twice.
        """
        ...

    async def beyond(self, number: int) -> None:
        """Return once `head` is greater than `number`."""
        ...
