"""Events on their way out of the worker: bounded, and never a reason to wait for live samples."""

from __future__ import annotations

from collections import deque
from threading import Condition

from radio.events import FrameHeard, RadioEvent, RadioStats


class Outbox:
    """Holds events for the writer thread; drops the oldest when the reader is too slow.

    Statistics do not queue: only the newest are worth sending.
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
                self._stats = event
            else:
                self._changed.wait_for(lambda: self._closed or not (wait and self._full()))
                if self._full():
                    self._frames_lost += isinstance(self._events.popleft(), FrameHeard)
                self._events.append(event)
            self._changed.notify_all()

    def take(self) -> list[RadioEvent]:
        """Wait for an event; the next one, with the newest statistics. Empty: closed and done."""
        with self._changed:
            self._changed.wait_for(lambda: self._events or self._stats or self._closed)
            taken: list[RadioEvent] = [self._events.popleft()] if self._events else []
            if self._stats is not None:
                taken.append(self._stats)
                self._stats = None
            self._changed.notify_all()
            return taken

    def close(self) -> None:
        """Nothing more will be put; what waits may still be taken."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _full(self) -> bool:
        return len(self._events) >= self._limit
