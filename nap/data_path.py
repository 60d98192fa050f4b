"""From a decoded frame to the spool: combine, whitelist, quota, and every end counted."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import UTC, date, datetime
from time import monotonic
from typing import NoReturn

from nap.combine import Closed, Combiner, Event, LaterReplica, NewMessage
from nap.late.relayed_log import RelayedKeys, RelayedLog
from nap.ledger import DailyQuota, FrameNumbers, Ledger
from nap.recent import RecentMessages
from nap.spool.ports import BodyBuilder, Intake, Kind, SpoolFullError, SpoolStalledError
from nap.tally_file import TallyFile
from nap.uplink_messages import repetitions_body, uplink_body
from nap.whitelist.whitelist import Whitelist
from radio.events import FrameHeard

_log = logging.getLogger(__name__)

LEDGER: str = "ledger"
"""Name under which the spool keeps the counts."""
_POLL_S = 0.5


class DataPath:
    """Takes what the radio hears, as FrameSink. Fits Service: it closes messages when due."""

    name = "data path"
    quiet_limit_s = 30.0

    def __init__(
        self,
        *,
        combiner: Combiner,
        whitelist: Whitelist,
        quota: DailyQuota,
        spool: Intake,
        ledger: Ledger,
        tally: TallyFile,
        recent: RecentMessages,
        relayed: RelayedLog,
        today: Callable[[], date] = lambda: datetime.now(UTC).date(),
    ) -> None:
        self._combiner, self._whitelist, self._quota = combiner, whitelist, quota
        self._spool, self._ledger, self._tally = spool, ledger, tally
        self._recent, self._relayed_log = recent, relayed
        self._numbers = FrameNumbers(ledger)
        self._today = today
        # Record numbers of relayed messages that may still be heard again, as the spool gives them.
        self._relayed: dict[int, list[int]] = {}
        self._simulated = False
        self._bug: BaseException | None = None

    def worker_started(self) -> None:
        """See FrameSink."""
        self._numbers.worker_started()

    def worker_ended(self, frames: int) -> None:
        """See FrameSink."""
        self._numbers.decoded(frames)
        self._tally.write(self._ledger)

    def frame(self, frame: FrameHeard, *, simulated: bool) -> None:
        """See FrameSink."""
        self._simulated = simulated
        self._numbers.heard(frame.number)
        for event in self._combiner.receive(frame, monotonic()):
            self._handle(event)
        self._tally.write(self._ledger)

    async def late(self, frame: FrameHeard, known: RelayedKeys, *, simulated: bool) -> bool:
        """See LateSink: a frame decoded from a clip, long after it was heard."""
        self._ledger.heard += 1
        try:
            if known.knows(frame):
                self._ledger.duplicate += 1
                return False
            if not self._may_pass(frame):
                return False
            stored = self._submit(uplink_body(frame, simulated=simulated, late=True))
            stored.add_done_callback(lambda answer: self._stored(frame, answer, late=True))
            # Not awaited itself: a stop of the replay must not take away what is being stored.
            await asyncio.wait([stored])
            known.note(frame)
            return stored.exception() is None
        finally:
            self._tally.write(self._ledger)

    async def run(self, beat: Callable[[], None]) -> NoReturn:
        """Close what is due; at the end close all."""
        try:
            while True:
                for closed in self._combiner.poll(monotonic()):
                    self._handle(closed)
                if self._bug is not None:
                    raise self._bug
                beat()
                await asyncio.sleep(_POLL_S)
        finally:
            for closed in self._combiner.flush():
                self._handle(closed)

    def _handle(self, event: Event) -> None:
        match event:
            case NewMessage():
                self._begin(event)
            case LaterReplica():
                self._ledger.duplicate += 1
            case Closed():
                self._close(event)

    def _begin(self, new: NewMessage) -> None:
        if self._recent.knows(new.frame, monotonic()):
            self._ledger.duplicate += 1
        elif self._may_pass(new.frame):
            self._relay(new)

    def _may_pass(self, frame: FrameHeard) -> bool:
        """Whether whitelist and quota let this message through; if not, it is counted."""
        today = self._today()
        if not self._whitelist.judge(frame.device_id, today.isoformat()).passes:
            self._ledger.filtered += 1
            return False
        if not self._quota.take(today.toordinal()):
            self._ledger.over_quota += 1
            self._relayed_log.add(frame)  # nor is it to come late on a day with room
            return False
        return True

    def _relay(self, new: NewMessage) -> None:
        frame, number = new.frame, self._relayed.setdefault(new.message, [])
        stored = self._submit(_noting(number, uplink_body(frame, simulated=self._simulated)))
        stored.add_done_callback(lambda answer: self._stored(frame, answer))

    def _submit(self, body: BodyBuilder) -> asyncio.Future[int]:
        self._ledger.submitted += 1
        self._spool.remember(LEDGER, self._ledger.values())
        return self._spool.submit(Kind.UPLINK, body)

    def _close(self, closed: Closed) -> None:
        number = self._relayed.pop(closed.message, [])
        if number and len(closed.frames) > 1:
            body = repetitions_body(closed.frames, number[0])
            self._spool.submit(Kind.REPETITIONS, body).add_done_callback(_seen)

    def _stored(
        self, frame: FrameHeard, answer: asyncio.Future[int], *, late: bool = False
    ) -> None:
        if answer.cancelled():
            return
        match answer.exception():
            case None:
                if not late:
                    self._recent.add(frame, monotonic())
                self._relayed_log.add(frame)
                _log_uplink(frame, answer.result())
            case SpoolStalledError():
                self._ledger.submitted -= 1
                self._ledger.lost += 1
                self._tally.write(self._ledger)
            case SpoolFullError():
                pass  # the spool has counted it, and told of its disk
            case BaseException() as bug:
                self._bug = bug  # told to the supervisor: a callback's exception ends nothing


def _noting(number: list[int], body: BodyBuilder) -> BodyBuilder:
    """The same builder, which also notes the number that the record gets."""

    def build(epoch: str, given: int) -> bytes:
        number.append(given)
        return body(epoch, given)

    return build


def _seen(answer: asyncio.Future[int]) -> None:
    # Metadata: what the spool dropped of it, it has told itself.
    if not answer.cancelled():
        answer.exception()


def _log_uplink(frame: FrameHeard, number: int) -> None:
    _log.info(
        "uplink, device_id: %s, seq_number: %d, rank: %d, snr_db: %.1f, number: %d",
        frame.device_id,
        frame.seq_number,
        frame.rank,
        frame.snr_db,
        number,
        extra={"DEVICE_ID": frame.device_id, "SEQ_NUMBER": frame.seq_number, "RECORD": number},
    )
