"""What changes, handed to all viewers: read once, bounded for each.

    store ── changed since revision ──> LiveFeed ── the same bytes ──> Viewer, Viewer, …

The store is asked, not the writer: other workers write, too.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Final, NoReturn

import msgspec

from cloud.errors import DatabaseRefusedError
from cloud.store.reader import Reader
from cloud.store.views import Message

log = logging.getLogger(__name__)

LOOK_EVERY_S: Final = 0.2
SUMMARY_EVERY_S: Final = 2.0
# What a page can take in one piece; whoever is further behind reads the list anew.
BEHIND_AT_MOST: Final = 500
VIEWERS_AT_MOST: Final = 256


class TooManyViewersError(Exception):
    """No more live pages can be served now."""


class Viewer:
    """One live page; `overrun` when it takes less than happens."""

    def __init__(self) -> None:
        self.overrun = False
        self.closed = False
        self._events: deque[tuple[int, bytes]] = deque()
        self._change = asyncio.Event()

    def give(self, revision: int, event: bytes) -> None:
        """Queue an event; revision 0 for those that are not part of the sequence."""
        if len(self._events) >= 2 * BEHIND_AT_MOST:
            self.overrun = True
        else:
            self._events.append((revision, event))
        self._change.set()

    def close(self) -> None:
        """End the stream after what is queued."""
        self.closed = True
        self._change.set()

    async def take(self) -> list[tuple[int, bytes]]:
        """Wait for events; none when the stream is to end."""
        while not self._events and not self.closed and not self.overrun:
            self._change.clear()
            await self._change.wait()
        events = [] if self.overrun else list(self._events)
        self._events.clear()
        return events


class LiveFeed:
    """Looks for changes while anybody watches."""

    def __init__(self, reader: Reader) -> None:
        self.revision = 0
        self._reader = reader
        self._viewers: set[Viewer] = set()
        self._watched = asyncio.Event()
        self._closed = False

    @property
    def viewers(self) -> int:
        """How many pages are live now."""
        return len(self._viewers)

    @contextmanager
    def join(self) -> Iterator[Viewer]:
        """Add a viewer for as long as the context lasts.

        Raises:
            TooManyViewersError: the limit is reached, or the program ends.
        """
        if self._closed or len(self._viewers) >= VIEWERS_AT_MOST:
            raise TooManyViewersError
        viewer = Viewer()
        self._viewers.add(viewer)
        self._watched.set()
        try:
            yield viewer
        finally:
            self._viewers.discard(viewer)
            if not self._viewers:
                self._watched.clear()

    def close(self) -> None:
        """End all streams, so that the server can end."""
        self._closed = True
        for viewer in self._viewers:
            viewer.close()

    async def run(self) -> NoReturn:
        """Feed until cancelled."""
        while True:
            await self._watched.wait()
            try:
                self.revision = await asyncio.to_thread(self._reader.revision)
                await self._feed()
            except DatabaseRefusedError as error:
                log.warning("live pages wait for the database: reason=%s", error)
                await asyncio.sleep(1.0)

    async def _feed(self) -> None:
        looks = 0
        while self._viewers:
            if looks % round(SUMMARY_EVERY_S / LOOK_EVERY_S) == 0:
                await self._tell_summary()
            looks += 1
            await self._tell_changes()
            await asyncio.sleep(LOOK_EVERY_S)

    async def _tell_summary(self) -> None:
        now_ms = int(datetime.now(UTC).timestamp() * 1000)
        summary = await asyncio.to_thread(self._reader.summary, now_ms)
        self._give(0, b"event: summary\ndata: " + msgspec.json.encode(summary) + b"\n\n")

    async def _tell_changes(self) -> None:
        changes = await asyncio.to_thread(self._reader.changed, self.revision, BEHIND_AT_MOST)
        if len(changes) == BEHIND_AT_MOST:
            self.revision = await asyncio.to_thread(self._reader.revision)
            self._give(self.revision, gap_event(self.revision))
            return
        for message in changes:
            self._give(message.revision, message_event(message))
            self.revision = message.revision

    def _give(self, revision: int, event: bytes) -> None:
        for viewer in self._viewers:
            viewer.give(revision, event)


def message_event(message: Message) -> bytes:
    """A new or changed message; its revision is the id that a page resumes from."""
    data = msgspec.json.encode(message)
    return b"id: %d\nevent: message\ndata: %s\n\n" % (message.revision, data)


def gap_event(revision: int) -> bytes:
    """Too much happened to tell: the page reads the list and goes on from `revision`."""
    return b"id: %d\nevent: gap\ndata: {}\n\n" % revision
