"""Drives one destination: connect, send what the window allows, settle what ended, start over."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final, NoReturn

from nap.relay.backoff import Backoff
from nap.relay.journal import Journal
from nap.relay.ports import BusyError, Courier, Outcomes, Session
from nap.relay.quarantine import Quarantine
from nap.relay.settler import Settler
from nap.relay.status import DestinationStatus
from nap.relay.window import Lane, Limits, Want, Window
from nap.runtime.service import RecoverableError
from nap.spool.ports import OutboundLog, Record
from nap.wire.errors import Cause, LinkError

# The longest sleep between two signs of life to the supervisor.
BEAT_EVERY_S: Final = 10.0


class Relay:
    """The service of one destination; others neither see it nor wait for it."""

    # Connecting takes up to 20 s, settling as long as the disk.
    quiet_limit_s: Final = 90.0

    def __init__(
        self,
        name: str,
        courier: Courier,
        spool: OutboundLog,
        *,
        limits: Limits,
        quarantine: Quarantine,
        uniform: Callable[[], float],
    ) -> None:
        """`uniform` draws from 0 to 1, for the jitter of the delays."""
        self.name = f"relay-{name}"
        self._destination = name
        self._courier = courier
        self._spool = spool
        self._limits = limits
        self._quarantine = quarantine
        self._backoff = Backoff(uniform)
        self._journal = Journal(name, courier.address)
        self._window = Window(limits, time.monotonic())
        self._epoch = ""

    async def run(self, beat: Callable[[], None]) -> NoReturn:
        """Work until cancelled. See `nap.runtime.service.Service`."""
        self._wake = asyncio.Event()
        self._settler = Settler(self._spool, self._destination, self._quarantine)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._watch_head(), name=f"{self.name} head")
                group.create_task(self._settler.run(), name=f"{self.name} settle")
                await self._keep_connected(beat)
        except* RecoverableError as failures:
            # The supervisor wants the one failure that counts, not how our tasks are arranged.
            failure = failures.exceptions[0]
            self._journal.connected = False
        raise RecoverableError(str(failure)) from failure

    async def status(self) -> DestinationStatus:
        """What to tell about this destination now."""
        journal, head = self._journal, self._spool.head
        oldest = await self._spool.waiting(self._destination, after=0, through=head, limit=1)
        return DestinationStatus(
            name=self._destination,
            kind=self._courier.kind,
            address=self._courier.address,
            connected=journal.connected,
            since_utc=journal.since_utc,
            next_attempt_in_s=journal.next_attempt_in_s,
            last_failure=journal.failure,
            in_flight=self._window.in_flight,
            unconfirmed=self._window.under_way,
            waiting=await self._spool.count_waiting(self._destination),
            oldest_age_s=_age_s(oldest[0]) if oldest else None,
            last_refusal=journal.last_refusal,
            counters=journal.counters,
        )

    async def _watch_head(self) -> NoReturn:
        while True:
            await self._spool.beyond(self._spool.head)
            self._wake.set()

    async def _keep_connected(self, beat: Callable[[], None]) -> NoReturn:
        while True:
            delay_s = await self._one_session(beat)
            await self._pause(delay_s, beat)

    async def _one_session(self, beat: Callable[[], None]) -> float:
        """Connect and work until the connection ends; return how long to wait then."""
        beat()
        self._journal.connecting()
        began, delivered = time.monotonic(), self._journal.counters.delivered
        try:
            epoch = self._spool.epoch
            async with self._courier.session(epoch, self._wake) as session:
                await self._open(epoch, session)
                await self._drive(session, beat)
        except LinkError as error:
            useful = self._journal.counters.delivered > delivered or not self._window.under_way
            lasted_s = time.monotonic() - began if self._journal.connected else 0.0
            self._backoff.ended(lasted_s, useful=useful)
            asked_s = error.again_in_s if isinstance(error, BusyError) else 0.0
            delay_s = self._backoff.next_delay_s(at_least_s=asked_s)
            self._journal.failed(error, delay_s)
            return delay_s

    async def _open(self, epoch: str, session: Session) -> None:
        # What was confirmed must not be fetched again only because the disk is slow to note it.
        await self._settler.drained()
        now = time.monotonic()
        if epoch != self._epoch:
            # Another spool file: its numbers mean other records.
            self._epoch, self._window = epoch, Window(self._limits, now)
        self._window.open(self._spool.head, session.capacity, now)

    async def _drive(self, session: Session, beat: Callable[[], None]) -> NoReturn:
        while True:
            self._wake.clear()
            self._conclude(session.take_outcomes())
            if session.working and not self._journal.connected:
                self._journal.established()
            await self._settler.room()
            await self._fill(session)
            self._check_progress()
            beat()
            await self._sleep()

    def _conclude(self, outcomes: Outcomes) -> None:
        now = time.monotonic()
        for number in outcomes.accepted:
            self._window.accepted(number)
        for delayed in outcomes.postponed:
            self._window.postponed(delayed.number, now + delayed.again_in_s)
            self._journal.postponed(delayed.reason)
        delivered = self._window.settle(outcomes.delivered, now)
        self._journal.counters.delivered += sum(last - first + 1 for first, last in delivered)
        self._settler.delivered(delivered)
        for refusal in outcomes.refused:
            if (record := self._window.refuse(refusal.number, now)) is not None:
                self._journal.refused(record.number, refusal.reason)
                self._settler.refused(record, refusal.reason)

    async def _fill(self, session: Session) -> None:
        await self._fill_lane(Lane.LIVE, session)
        for record in self._window.take_again(time.monotonic()):
            self._journal.counters.repeated += 1
            self._send(Lane.BACKLOG, record, session)
        await self._fill_lane(Lane.BACKLOG, session)

    async def _fill_lane(self, lane: Lane, session: Session) -> None:
        while want := self._window.want(lane, self._spool.head, time.monotonic()):
            for record in self._window.fetched(want, await self._fetch(want)):
                self._send(lane, record, session)

    async def _fetch(self, want: Want) -> list[Record]:
        return await self._spool.waiting(
            self._destination, after=want.after, through=want.through, limit=want.limit
        )

    def _send(self, lane: Lane, record: Record, session: Session) -> None:
        session.send(record)
        self._window.sent(lane, record, time.monotonic())
        self._journal.counters.sent += 1

    def _check_progress(self) -> None:
        if self._spool.epoch != self._epoch:
            raise LinkError(Cause.STALLED, "the spool was begun anew; connecting again")
        if (stalled_s := self._window.stalled_s(time.monotonic())) is not None:
            text = f"connected, but nothing was confirmed for {stalled_s:.0f} s; connecting again"
            raise LinkError(Cause.STALLED, text)

    async def _sleep(self) -> None:
        now = time.monotonic()
        deadline = self._window.next_deadline(now)
        wait_s = BEAT_EVERY_S if deadline is None else min(deadline - now, BEAT_EVERY_S)
        await _wait(self._wake, wait_s)

    async def _pause(self, delay_s: float, beat: Callable[[], None]) -> None:
        until = time.monotonic() + delay_s
        while (left_s := until - time.monotonic()) > 0:
            beat()
            await asyncio.sleep(min(left_s, BEAT_EVERY_S))


async def _wait(event: asyncio.Event, at_most_s: float) -> None:
    try:
        async with asyncio.timeout(at_most_s):
            await event.wait()
    except TimeoutError:
        pass


def _age_s(record: Record) -> float:
    return max(0.0, datetime.now(UTC).timestamp() - record.put_at)
