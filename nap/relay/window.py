"""What to send next, what to send again, and how much may be under way: no I/O, time is given.

Two lanes lead to a destination. Live: records put after the connection was made. Backlog: what
waited before, older ones first, slowed down and kept out of a reserve, so that a live message
never queues behind it. A record is under way from its sending until it is settled:

    again ──► flying ──► unconfirmed ──► settled      (our cloud: PUBACK, then Acknowledgment)
      ▲ ▲        └──────────────────────► settled      (others: PUBACK or 2xx is the end)
      │ └── overdue: the broker had it, the cloud did not confirm it in time
      └──── a new connection: everything that was under way, and what was postponed when it is due
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from nap.relay.pacing import TokenBucket
from nap.relay.ranges import pairs
from nap.spool.ports import Record


class Lane(enum.Enum):
    """Which of the two queues a record stands in."""

    LIVE = enum.auto()
    BACKLOG = enum.auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much and how fast.

    Attributes:
        in_flight: Sent and not yet acknowledged by the broker.
        live_reserve: Share of the limits that the backlog may not use.
        drain_per_s: Backlog records per second.
        unconfirmed: Under way at all, at the broker and beyond.
        confirm_within_s: After this time an unconfirmed record is sent again.
        progress_within_s: After this time without any record settled the connection is useless.
    """

    in_flight: int
    live_reserve: float
    drain_per_s: float
    unconfirmed: int
    confirm_within_s: float
    progress_within_s: float


@dataclass(frozen=True, slots=True)
class Want:
    """Records to fetch from the spool: up to `limit` of those in (after, through]."""

    lane: Lane
    after: int
    through: int
    limit: int


@dataclass(frozen=True, slots=True)
class _Sent:
    record: Record
    at: float


class Window:
    """The records under way to one destination, over all its connections."""

    def __init__(self, limits: Limits, now: float) -> None:
        self._limits = limits
        self._again: dict[int, Record] = {}
        self._flying: dict[int, _Sent] = {}
        self._unconfirmed: dict[int, _Sent] = {}
        self._postponed: dict[int, tuple[float, Record]] = {}
        self._bucket = TokenBucket(limits.drain_per_s, now)
        self.open(0, limits.in_flight, now)

    @property
    def in_flight(self) -> int:
        """Records that the broker has not acknowledged yet."""
        return len(self._flying)

    @property
    def under_way(self) -> int:
        """Records sent at least once and not settled."""
        return len(self._again) + len(self._flying) + len(self._unconfirmed) + len(self._postponed)

    def open(self, head: int, receive_maximum: int, now: float) -> None:
        """A new connection: all that was under way goes again; what is beyond `head` is live."""
        carried = {sent.record.number: sent.record for sent in self._flying.values()}
        carried |= {sent.record.number: sent.record for sent in self._unconfirmed.values()}
        carried |= self._again
        self._again = dict(sorted(carried.items()))
        # They have their way already. The spool may give them out once more: before they are
        # sent, and as long as its disk has not noted that they are settled.
        self._carried = {*self._again, *self._postponed}
        self._flying.clear()
        self._unconfirmed.clear()
        self._slots = min(self._limits.in_flight, receive_maximum)
        # At least one slot is left to the backlog, or it would never end.
        self._reserve = min(int(self._slots * self._limits.live_reserve), self._slots - 1)
        self._live_cursor = self._backlog_end = head
        self._backlog_cursor = 0
        self._settled_at = self._probed_at = now

    def want(self, lane: Lane, head: int, now: float) -> Want | None:
        """What to fetch for `lane` now that the spool's newest record is `head`."""
        room = min(self._free(lane), self._most_under_way(lane) - self.under_way)
        if lane is Lane.LIVE:
            after, through = self._live_cursor, head
        else:
            room = min(room, self._bucket.available(now))
            after, through = self._backlog_cursor, self._backlog_end
        if room < 1 or after >= through:
            return None
        return Want(lane, after, through, room)

    def fetched(self, want: Want, records: Sequence[Record]) -> list[Record]:
        """Take the spool's answer to `want`; return those that are not under way already."""
        cursor = records[-1].number if len(records) >= want.limit else want.through
        if want.lane is Lane.LIVE:
            self._live_cursor = cursor
        else:
            self._backlog_cursor = cursor
        return [record for record in records if record.number not in self._carried]

    def take_again(self, now: float) -> list[Record]:
        """The records to send once more now."""
        self._recall_postponed(now)
        self._recall_overdue(now)
        room = min(self._free(Lane.BACKLOG), self._bucket.available(now))
        return [record for record, _ in zip(self._again.values(), range(room), strict=False)]

    def sent(self, lane: Lane, record: Record, now: float) -> None:
        """A record of `want` or `take_again` went out."""
        if self.under_way == 0:
            self._settled_at = now
        if lane is Lane.BACKLOG:
            self._bucket.spend()
        self._again.pop(record.number, None)
        self._flying[record.number] = _Sent(record, now)

    def accepted(self, number: int) -> None:
        """The broker has it: its slot is free, but it is not settled."""
        if (sent := self._flying.pop(number, None)) is not None:
            self._unconfirmed[number] = sent

    def postponed(self, number: int, until: float) -> None:
        """It was not taken now; send it again at `until`."""
        if (sent := self._flying.pop(number, None)) is not None:
            self._postponed[number] = (until, sent.record)

    def settle(self, ranges: Iterable[tuple[int, int]], now: float) -> list[tuple[int, int]]:
        """Records in `ranges` have ended; return those of them that were under way.

        What was never sent stays unsettled, whatever the other side says.
        """
        settled = [number for first, last in ranges for number in self._under_way_in(first, last)]
        for number in settled:
            self._forget(number)
        if settled:
            self._settled_at = now
        return pairs(settled)

    def refuse(self, number: int, now: float) -> Record | None:
        """The destination will never take it; return it if it was under way."""
        record = self._record(number)
        self.settle([(number, number)], now)
        return record

    def stalled_s(self, now: float) -> float | None:
        """How long nothing was settled though something is under way, once that is too long."""
        idle_s = now - self._settled_at
        return idle_s if self.under_way and idle_s > self._limits.progress_within_s else None

    def next_deadline(self, now: float) -> float | None:
        """When to look again at the latest if nothing else happens; None: no need to."""
        candidates = [until for until, _ in self._postponed.values()]
        if self._unconfirmed:
            oldest = next(iter(self._unconfirmed.values()))
            silent_since = max(oldest.at, self._probed_at if self._silent(oldest) else 0.0)
            candidates.append(silent_since + self._limits.confirm_within_s)
        if self.under_way:
            candidates.append(self._settled_at + self._limits.progress_within_s)
        if (self._again or self._backlog_cursor < self._backlog_end) and self._free(Lane.BACKLOG):
            candidates.append(self._bucket.next_at(now))
        return min(candidates, default=None)

    def _free(self, lane: Lane) -> int:
        kept = 0 if lane is Lane.LIVE else self._reserve
        return max(0, self._slots - kept - len(self._flying))

    def _most_under_way(self, lane: Lane) -> int:
        most = self._limits.unconfirmed
        kept = 0 if lane is Lane.LIVE else min(int(most * self._limits.live_reserve), most - 1)
        return most - kept

    def _knows(self, number: int) -> bool:
        return (
            number in self._flying
            or number in self._unconfirmed
            or number in self._again
            or number in self._postponed
        )

    def _record(self, number: int) -> Record | None:
        if (sent := self._flying.get(number) or self._unconfirmed.get(number)) is not None:
            return sent.record
        if (postponed := self._postponed.get(number)) is not None:
            return postponed[1]
        return self._again.get(number)

    def _under_way_in(self, first: int, last: int) -> list[int]:
        if last - first < self.under_way:
            return [number for number in range(first, last + 1) if self._knows(number)]
        known = (*self._flying, *self._unconfirmed, *self._again, *self._postponed)
        return [number for number in known if first <= number <= last]

    def _forget(self, number: int) -> None:
        for state in (self._flying, self._unconfirmed, self._again, self._postponed):
            state.pop(number, None)

    def _silent(self, sent: _Sent) -> bool:
        return self._settled_at <= sent.at

    def _recall_postponed(self, now: float) -> None:
        for number, (until, record) in list(self._postponed.items()):
            if until <= now:
                del self._postponed[number]
                self._again[number] = record

    def _recall_overdue(self, now: float) -> None:
        while self._unconfirmed:
            number, sent = next(iter(self._unconfirmed.items()))
            if sent.at + self._limits.confirm_within_s > now:
                return
            if self._silent(sent):
                # The cloud has confirmed nothing since: one probe is enough to find it awake,
                # all of them would only fill the broker's queue with copies.
                if self._probed_at + self._limits.confirm_within_s > now:
                    return
                self._probed_at = now
            del self._unconfirmed[number]
            self._again[number] = sent.record
