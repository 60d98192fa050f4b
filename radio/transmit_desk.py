"""Where downlinks are taken in and carried out: the queue's decisions, a clock, a ledger, a part.

The receiver's thread brings frames and time, the command channel's thread brings commands, and a
thread of this desk transmits; a lock stands around the decisions.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Final

from radio.commands import SetState, Transmit
from radio.downlink.queue import DownlinkQueue, Slot
from radio.downlink.refusal import Refusal, Refused
from radio.downlink.window import AIRTIME_S
from radio.events import DownlinkSent, FrameHeard
from radio.frontend.ports import IqBlock, MissedError, SampleSink, StreamClock, TransmitError
from radio.outbox import Outbox
from radio.transmission import Equipment, burst_of, event_of

log = logging.getLogger(__name__)

REOPEN_AFTER_S: Final = 5.0


class TransmitDesk:
    """Answers every command with events, whatever becomes of it."""

    def __init__(
        self, queue: DownlinkQueue, zone: str, equipment: Equipment | None, outbox: Outbox
    ) -> None:
        """Without `equipment` every downlink is refused."""
        self._queue, self._zone, self._equipment, self._outbox = queue, zone, equipment, outbox
        self._changed = threading.Condition()
        self._listening = False
        self._ready = False
        self._problem = "none is set up, or the front end only receives"
        self._bug: Exception | None = None
        if equipment is not None:
            self._ledger = equipment.airtime.load(time.monotonic())

    @contextmanager
    def listening(self) -> Iterator[None]:
        """A received stream lasts as long as this context; only then there is time to go by."""
        equipment = self._equipment
        if equipment is None:
            yield
            return
        self._begin()
        worker = threading.Thread(target=self._work, args=(equipment,), name="transmitter")
        worker.start()
        try:
            yield
        finally:
            self._end()
            worker.join()

    def follow(self, block: IqBlock, rate_hz: float) -> None:
        """Samples came: time has passed."""
        if self._equipment is None:
            return
        if self._bug is not None:
            raise self._bug
        self._equipment.clock.follow(block, rate_hz)
        with self._changed:
            if self._is_due(self._equipment.clock.now_s()):
                self._changed.notify_all()

    def heard(self, frame: FrameHeard) -> None:
        """A frame was decoded."""
        with self._changed:
            self._queue.heard(frame)

    def obey(self, command: Transmit | SetState) -> None:
        """Carry out a command; what becomes of it is told as events."""
        with self._changed:
            match command:
                case SetState(state=state):
                    self._tell(self._queue.set_state(state), 0.0)
                case Transmit():
                    self._submit(command)
            self._changed.notify_all()

    def _submit(self, command: Transmit) -> None:
        equipment = self._equipment
        if equipment is None or not self._ready:
            refused = Refused(command.id, Refusal.NO_TRANSMITTER, self._problem)
            self._tell([refused], 0.0)
            return
        now_s = equipment.clock.now_s()
        self._tell(self._queue.submit(command, now_s, self._airtime_left_s()), now_s)

    def _begin(self) -> None:
        with self._changed:
            self._listening = True
            self._queue.restart(self._ledger.last_ended(self._zone) - time.monotonic())

    def _end(self) -> None:
        with self._changed:
            self._listening = False
            self._tell(self._queue.clear(Refusal.RADIO_LOST, "the front end was closed"), 0.0)
            self._changed.notify_all()

    def _work(self, equipment: Equipment) -> None:
        """The transmitting thread: keep the part open while the stream lasts."""
        while self._listening:
            try:
                with equipment.transmitter.open() as sink:
                    self._serve(equipment, sink)
            except TransmitError as error:
                self._fail(str(error))
            except Exception as bug:  # noqa: BLE001 - the receiver's thread raises it
                self._bug = bug
                return
            finally:
                self._ready = False

    def _serve(self, equipment: Equipment, sink: SampleSink) -> None:
        log.info("transmitter open: %s", equipment.transmitter.description)
        self._ready = True
        while self._listening:
            slot = self._await_due(equipment.clock)
            if slot is not None:
                self._transmit(slot, equipment, sink)

    def _fail(self, problem: str) -> None:
        log.warning("transmitter failed: %s again_in_s=%s", problem, REOPEN_AFTER_S)
        with self._changed:
            self._problem = problem
            self._tell(self._queue.clear(Refusal.NO_TRANSMITTER, problem), 0.0)
            self._ready = False
            self._changed.wait_for(lambda: not self._listening, REOPEN_AFTER_S)

    def _await_due(self, clock: StreamClock) -> Slot | None:
        """Wait for something to do; None when there was nothing after all."""
        with self._changed:
            deadline_s = self._queue.next_deadline_s()
            wait_s = None if deadline_s is None else max(deadline_s - clock.now_s(), 0.0)
            if self._listening and wait_s != 0.0:
                self._changed.wait(wait_s)
            now_s = clock.now_s()
            if not (self._listening and self._is_due(now_s)):
                return None
            results = self._queue.take_due(now_s, self._airtime_left_s())
            self._tell([one for one in results if isinstance(one, Refused)], now_s)
            return next((one for one in results if isinstance(one, Slot)), None)

    def _is_due(self, now_s: float) -> bool:
        deadline_s = self._queue.next_deadline_s()
        return deadline_s is not None and deadline_s <= now_s

    def _transmit(self, slot: Slot, equipment: Equipment, sink: SampleSink) -> None:
        if not self._book(slot, equipment):
            return
        burst = burst_of(slot, sink.rate_hz)
        try:
            started_s = sink.transmit(burst, equipment.clock, self._allowed)
        except MissedError as error:
            self._refuse(slot, Refusal.TOO_LATE, str(error))
        except TransmitError as error:
            self._refuse(slot, *self._why(error))
            if self._listening and self._allowed():
                raise
        else:
            self._sent(slot, started_s)

    def _book(self, slot: Slot, equipment: Equipment) -> bool:
        """Write the airtime down, durably, before any of it is used."""
        now = time.monotonic()
        begins = now + max(slot.starts_s - equipment.clock.now_s(), 0.0)
        with self._changed:
            self._ledger.book(self._zone, begins, AIRTIME_S)
            content = equipment.airtime.content(self._ledger, now)
        try:
            equipment.airtime.write(content)
        except OSError as error:
            self._refuse(slot, Refusal.LEDGER, f"airtime cannot be written down: {error.strerror}")
            return False
        return True

    def _sent(self, slot: Slot, started_s: float) -> None:
        ended_s = started_s + AIRTIME_S
        with self._changed:
            left_s = self._airtime_left_s()
            self._outbox.put(
                DownlinkSent(
                    id=slot.command.id,
                    copy=slot.copy,
                    started_s=started_s,
                    ended_s=ended_s,
                    frequency_hz=slot.window.frequency_hz,
                    late_s=started_s - slot.starts_s,
                    airtime_left_s=left_s,
                )
            )
            self._tell(self._queue.sent(slot, ended_s, left_s), ended_s)

    def _why(self, error: TransmitError) -> tuple[Refusal, str]:
        if not self._listening:
            return Refusal.RADIO_LOST, str(error)
        if not self._allowed():
            reason = Refusal.MUTED if self._queue.state == "muted" else Refusal.DEACTIVATED
            return reason, str(error)
        return Refusal.TRANSMITTER_FAILED, str(error)

    def _allowed(self) -> bool:
        return self._listening and self._queue.state == "active"

    def _airtime_left_s(self) -> float:
        return self._ledger.left_s(self._zone, self._queue.rule, time.monotonic())

    def _refuse(self, slot: Slot, reason: Refusal, detail: str) -> None:
        with self._changed:
            self._queue.failed(slot)
        if slot.copy == 1:
            self._tell([Refused(slot.command.id, reason, detail)], 0.0)

    def _tell(self, results: Iterable[Slot | Refused], now_s: float) -> None:
        for one in results:
            self._outbox.put(event_of(one, now_s))
