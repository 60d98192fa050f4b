"""What a way to a destination offers the relay, whatever protocol is behind it."""

from __future__ import annotations

import asyncio
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Protocol

from nap.spool.ports import Record
from nap.wire.errors import Cause, LinkError


class BusyError(LinkError):
    """The destination asks to be left alone for a while.

    Attributes:
        again_in_s: As it asked, or 0 when it named no time.
    """

    def __init__(self, cause: Cause, text: str, again_in_s: float) -> None:
        super().__init__(cause, text)
        self.again_in_s = again_in_s


@dataclass(frozen=True, slots=True)
class Refused:
    """A record that this destination will never take."""

    number: int
    reason: str


@dataclass(frozen=True, slots=True)
class Postponed:
    """A record that this destination does not take now."""

    number: int
    reason: str
    again_in_s: float


@dataclass(slots=True)
class Outcomes:
    """What became of records since the last question.

    Attributes:
        accepted: On the way, their slots are free; the end is still to come.
        delivered: Ended well, as pairs of first and last number, both included.
    """

    accepted: list[int] = field(default_factory=list)
    delivered: list[tuple[int, int]] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    postponed: list[Postponed] = field(default_factory=list)


class Session(Protocol):
    """One connection to a destination."""

    @property
    def capacity(self) -> int:
        """How many records may be in flight at once, the destination's own limit included."""
        ...

    @property
    def working(self) -> bool:
        """Whether the destination has answered well in this session."""
        ...

    def send(self, record: Record) -> None:
        """Hand over a record without waiting; never more than `capacity` at once.

        Raises:
            LinkError: the connection has ended.
        """
        ...

    def take_outcomes(self) -> Outcomes:
        """What happened since the last call.

        Raises:
            LinkError: the connection has ended and a new one is needed.
        """
        ...


class Courier(Protocol):
    """A way to a destination."""

    @property
    def kind(self) -> str:
        """Which kind of destination, as in the configuration."""
        ...

    @property
    def address(self) -> str:
        """Where to, for people; no secrets."""
        ...

    def session(self, epoch: str, wake: asyncio.Event) -> AbstractAsyncContextManager[Session]:
        """Connect; leaving the context disconnects.

        Args:
            epoch: Of the spool whose records will be sent.
            wake: Set whenever there are outcomes, and when the connection has ended.

        Raises:
            LinkError: with the cause, on entry.
        """
        ...


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer to a command, ready to be published.

    Attributes:
        name: Last part of its topic.
        body: What to publish.
    """

    name: str
    body: bytes


class CommandDesk(Protocol):
    """Who takes the cloud's commands, and answers them when there is something to say."""

    def attach(self, wake: asyncio.Event) -> None:
        """A connection stands; set `wake` whenever there is an answer."""
        ...

    def take(self, name: str, body: bytes) -> None:
        """A command came; nothing in it makes this raise."""
        ...

    def first(self) -> Reply | None:
        """The next answer to publish; it stays the first until `done`."""
        ...

    def done(self, reply: Reply) -> None:
        """The broker has answered about `reply`."""
        ...
