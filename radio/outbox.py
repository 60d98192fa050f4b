"""Events on their way out of the worker: bounded, and never a reason to wait for live samples."""

from __future__ import annotations

from collections import deque
from threading import Condition
from typing import Final

from radio.events import (
    ClipKept,
    DownlinkPlanned,
    DownlinkRefused,
    DownlinkSent,
    FrameHeard,
    RadioEvent,
)
from radio.stats import RadioStats

_KEPT: Final = (DownlinkPlanned, DownlinkSent, DownlinkRefused, ClipKept)


class Outbox:
    """Holds events for the writer thread; drops the oldest when the reader is too slow.

    Of statistics only the newest wait, and they take nobody's place. What became of downlinks and
    clips goes last: a frame comes again, such an event does not.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._events: deque[RadioEvent] = deque()
        self._stats: RadioStats | None = None
        self._changed = Condition()
        self._closed = False
        self._frames_lost = 0

    @property
    def frames_lost(self) -> int:
        """Frames dropped so far."""
        return self._frames_lost

    def put(self, event: RadioEvent, *, wait: bool = False) -> None:
        """Queue `event`; where the box is full, drop the oldest, or `wait` for room."""
        with self._changed:
            if isinstance(event, RadioStats):
                self._replace_stats(event)
            else:
                self._changed.wait_for(lambda: self._closed or not (wait and self._full()))
                while self._full():
                    self._drop()
            self._events.append(event)
            self._changed.notify_all()

    def take(self) -> RadioEvent | None:
        """Wait for the next event; None: closed, and none is left."""
        with self._changed:
            self._changed.wait_for(lambda: self._events or self._closed)
            event = self._next() if self._events else None
            self._changed.notify_all()
            return event

    def close(self) -> None:
        """Nothing more will be put; what waits may still be taken."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _full(self) -> bool:
        return len(self._events) - (self._stats is not None) >= self._limit

    def _drop(self) -> None:
        lesser = (at for at, event in enumerate(self._events) if not isinstance(event, _KEPT))
        at = next(lesser, 0)
        self._frames_lost += isinstance(self._events[at], FrameHeard)
        if self._events[at] is self._stats:
            self._stats = None
        del self._events[at]

    def _next(self) -> RadioEvent:
        event = self._events.popleft()
        if event is self._stats:
            self._stats = None
        return event

    def _replace_stats(self, stats: RadioStats) -> None:
        if self._stats is not None:
            self._events.remove(self._stats)
        self._stats = stats
