"""Join the replicas of a message: told at the first, complete when no more can come.

Knows radio events and nothing of the gateway. Time is an argument, of any clock that never falls.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from radio.events import FrameHeard
from radio.sigfox.frame_type import RANKS
from radio.sigfox.replica_timing import longest_hold_s

_MARGIN_S: Final = 1.0

REMEMBER_S: Final = 60.0
"""How long after its first frame a message is known, so that a late replica makes no second one.
Counters roll over after 128 messages at the least; the fastest device that keeps the rules needs
minutes for so many."""

FRAMES_LIMIT: Final = 8
"""Frames kept of one message: ghosts and repeaters may add to the three replicas."""


def hold_s(bit_rate: int, *, sensing_s: float = 0.0) -> float:
    """How long after a first frame was decoded the last one may be."""
    return longest_hold_s(bit_rate, sensing_s) + _MARGIN_S


@dataclass(frozen=True, slots=True)
class NewMessage:
    """The first frame of a message that was decoded. `message` is its key from here on."""

    message: int
    frame: FrameHeard


@dataclass(frozen=True, slots=True)
class LaterReplica:
    """One more frame of a message already told."""

    message: int
    frame: FrameHeard


@dataclass(frozen=True, slots=True)
class Closed:
    """No more frames of this message will be joined.

    Attributes:
        frames: Earliest first, at most FRAMES_LIMIT.
    """

    message: int
    frames: tuple[FrameHeard, ...]

    @property
    def best(self) -> FrameHeard:
        """The frame with the highest SNR."""
        return max(self.frames, key=lambda frame: frame.snr_db)


Event = NewMessage | LaterReplica | Closed


class _Key(NamedTuple):
    device_id: str
    seq_number: int
    # Payload and tag: counters roll over, and two devices may be given the same id.
    packet: str


@dataclass(slots=True)
class _Message:
    message: int
    forget_at: float
    frames: list[FrameHeard] = field(default_factory=list)
    ranks: set[int] = field(default_factory=set)
    closed: bool = False


class Combiner:
    """Keeps every message until no replica can come, and its key for a while longer.

    Attributes:
        forgotten: Messages given up early because there were more than `capacity`: a flood of
            forged ids. A late replica of one of them counts as a new message.
    """

    def __init__(self, hold: Callable[[int], float] = hold_s, *, capacity: int = 20_000) -> None:
        self._hold = hold
        self._capacity = capacity
        self._known: dict[_Key, _Message] = {}  # in the order of first frames
        self._due: list[tuple[float, int, _Key]] = []
        self._count = 0
        self.forgotten = 0

    def receive(self, frame: FrameHeard, now: float) -> list[Event]:
        """Take a frame heard at `now`; return what it and the time passed brought about."""
        events: list[Event] = list(self.poll(now))
        key = _Key(frame.device_id, frame.seq_number, frame.packet)
        message = self._known.get(key)
        if message is None:
            events += self._make_room()
            message = self._begin(key, frame, now)
            events.append(NewMessage(message.message, frame))
        else:
            events.append(LaterReplica(message.message, frame))
        return events + self._join(message, frame)

    def next_deadline(self) -> float | None:
        """When to call `poll` at the latest, or None while nothing waits."""
        return self._due[0][0] if self._due else None

    def poll(self, now: float) -> list[Closed]:
        """Close what is due, and forget what is too old for a replica."""
        closed: list[Closed] = []
        while self._due and self._due[0][0] <= now:
            _, number, key = heapq.heappop(self._due)
            message = self._known.get(key)
            if message is not None and message.message == number:
                closed += _close(message)
        self._forget(now)
        return closed

    def flush(self) -> list[Closed]:
        """Close everything: no frame follows."""
        self._due.clear()
        closed = [event for message in self._known.values() for event in _close(message)]
        self._known.clear()
        return closed

    def _begin(self, key: _Key, frame: FrameHeard, now: float) -> _Message:
        self._count += 1
        hold = self._hold(frame.bit_rate)
        message = _Message(self._count, now + max(REMEMBER_S, hold))
        self._known[key] = message
        heapq.heappush(self._due, (now + hold, self._count, key))
        return message

    def _join(self, message: _Message, frame: FrameHeard) -> list[Event]:
        if message.closed:
            return []
        message.ranks.add(frame.rank)
        if len(message.frames) < FRAMES_LIMIT:
            message.frames.append(frame)
        return [*_close(message)] if len(message.ranks) == len(RANKS) else []

    def _forget(self, now: float) -> None:
        # These are closed: a message is held for less time than it is remembered.
        for key in [key for key, _ in _leading(self._known, now)]:
            del self._known[key]

    def _make_room(self) -> list[Closed]:
        if len(self._known) < self._capacity:
            return []
        oldest = self._known.pop(next(iter(self._known)))
        self.forgotten += 1
        return _close(oldest)


def _leading(known: dict[_Key, _Message], now: float) -> Iterable[tuple[_Key, _Message]]:
    for key, message in known.items():
        if message.forget_at > now:
            return
        yield key, message


def _close(message: _Message) -> list[Closed]:
    if message.closed:
        return []
    message.closed = True
    frames = tuple(sorted(message.frames, key=lambda frame: frame.offset_s))
    message.frames.clear()
    return [Closed(message.message, frames)]
