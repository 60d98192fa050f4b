"""Answers on their way to one cloud, kept until the broker has them."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from typing import Final

from nap.relay.ports import Reply

_log = logging.getLogger(__name__)

LIMIT: Final = 1_000
"""An hour of answers for the busiest box; the oldest go first."""


class Replies:
    """A queue that is read over one connection after the other."""

    def __init__(self) -> None:
        self._waiting: deque[Reply] = deque()
        self._wake: asyncio.Event | None = None

    def attach(self, wake: asyncio.Event) -> None:
        """A connection stands; set `wake` whenever there is something to publish."""
        self._wake = wake
        if self._waiting:
            wake.set()

    @property
    def waiting(self) -> int:
        """Answers that the broker does not have yet."""
        return len(self._waiting)

    def put(self, reply: Reply) -> None:
        """Queue an answer."""
        if len(self._waiting) >= LIMIT:
            self._waiting.popleft()
            _log.warning("an answer to the cloud is dropped: %d wait already", LIMIT)
        self._waiting.append(reply)
        if self._wake is not None:
            self._wake.set()

    def first(self) -> Reply | None:
        """The next to publish; it stays until `done`."""
        return self._waiting[0] if self._waiting else None

    def done(self, reply: Reply) -> None:
        """The broker has answered about `reply`."""
        if self._waiting and self._waiting[0] is reply:
            self._waiting.popleft()
