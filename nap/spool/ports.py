"""What relays and the pipeline need of the spool: one log, one cursor per destination."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
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


class SpoolFullError(Exception):
    """Dropped, and counted as expired: the disk refuses and the memory that stands in is full."""


class SpoolStalledError(Exception):
    """Never taken, and not counted: the disk does not even answer."""


@dataclass(frozen=True, slots=True)
class Record:
    """One spooled message.

    Attributes:
        number: Rising in the life of an epoch, with gaps, never used twice.
        kind: Which wire message.
        body: JSON of the wire message, `epoch` and `number` included.
        put_at: Wall clock when it was put, s since 1970 (the box may have had no clock).
    """

    number: int
    kind: Kind
    body: bytes
    put_at: float


BodyBuilder = Callable[[str, int], bytes]
"""Makes the JSON body out of epoch and number; called once, on the spool's own thread."""


class Intake(Protocol):
    """The spool as the pipeline sees it."""

    def submit(self, kind: Kind, build_body: BodyBuilder) -> asyncio.Future[int]:
        """Take a message; the future gives its number once it can no longer be lost.

        That is when it is on disk, or when every destination took it while the disk refused.

        Raises (through the future):
            SpoolFullError: it was taken, then dropped, because neither disk nor memory had room.
            SpoolStalledError: it was not taken.
        """
        ...

    def remember(self, guest: str, values: dict[str, int]) -> None:
        """Keep someone else's counters: written together with what is submitted next."""
        ...


class OutboundLog(Protocol):
    """The spool as one destination sees it. Every method is safe on the event loop."""

    @property
    def epoch(self) -> str:
        """16 hex digits, new with every log that starts from nothing."""
        ...

    @property
    def head(self) -> int:
        """Number of the newest record; 0 when there never was one.

        Records are durable, except while the disk refuses writes: then they are held in memory.
        """
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

        Unknown and already settled numbers are ignored: an acknowledgment may come twice. While
        the disk refuses writes the mark is kept in memory and written when the disk is back.
        """
        ...

    async def beyond(self, number: int) -> None:
        """Return once `head` is greater than `number`."""
        ...
