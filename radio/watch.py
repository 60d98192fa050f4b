"""Keeping a front end open: streams, failures, and what is asked for meanwhile."""

from __future__ import annotations

import logging
import queue
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import numpy as np

from radio.blackbox.writer import ClipWriter
from radio.commands import KeepClip
from radio.events import ClipKept, StreamEnded, StreamFailed, StreamOpened
from radio.frontend.ports import (
    FrontEnd,
    FrontEndError,
    IqBlock,
    RecordingError,
    SampleStream,
    StreamFacts,
)
from radio.instruments import Instruments, Lasting
from radio.levels.full_scale import full_scale_of
from radio.levels.oscillator import Oscillator
from radio.listener import Counts, Found, Listener, UnfitStreamError
from radio.outbox import Outbox
from radio.reopen import ReopenDelay
from radio.reporter import Reporter
from radio.settings import RecordingSettings, WorkerSettings
from radio.transmit_desk import TransmitDesk

log = logging.getLogger(__name__)

_MOST_COMMANDS: Final = 8


class Watch:
    """Keeps one front end open and tells what is heard on it."""

    def __init__(
        self,
        front_end: FrontEnd,
        settings: WorkerSettings,
        outbox: Outbox,
        desk: TransmitDesk,
        *,
        stop: threading.Event,
        rng: np.random.Generator,
    ) -> None:
        self._front_end, self._settings, self._outbox = front_end, settings, outbox
        self._stop, self._delay, self._rng, self._desk = stop, ReopenDelay(rng), rng, desk
        # A recording waits for its reader; live samples do not come again.
        self._patient = isinstance(settings.front_end, RecordingSettings)
        self._counts = Counts()
        self._lasting = _lasting(settings, outbox, simulated=front_end.simulated)
        self._reporter = Reporter(outbox, self._counts, self._lasting.full_scale)
        self._commands: queue.Queue[KeepClip] = queue.Queue(_MOST_COMMANDS)
        self._streaming = False

    def keep(self, command: KeepClip) -> None:
        """Keep the last samples as a clip; may be called from any thread."""
        if not self._streaming:
            self._refuse(command, "no samples come in")
            return
        try:
            self._commands.put_nowait(command)
        except queue.Full:
            self._refuse(command, "too many clips are asked for; try again")

    def run(self) -> bool:
        """Listen until told to stop or to the end of a recording; False: it cannot be done."""
        if (writer := self._lasting.writer) is not None:
            writer.start()
        try:
            return self._keep_open()
        finally:
            if writer is not None:
                writer.close()

    def _keep_open(self) -> bool:
        while not self._stop.is_set():
            opened_at = time.monotonic()
            try:
                self._listen()
            except (RecordingError, UnfitStreamError) as error:
                self._fail(error, None)
                return False
            except FrontEndError as error:
                delay_s = self._delay.after(time.monotonic() - opened_at)
                self._fail(error, delay_s)
                self._stop.wait(delay_s)
            else:
                break
        return True

    def _listen(self) -> None:
        """One stream from its opening to its end; FrontEndError where that is not as it should."""
        with self._front_end.open() as stream, self._desk.listening():
            instruments = self._instruments(stream.facts)
            listener = self._listener(stream.facts, instruments)
            self._say_opened(stream)
            self._reporter.begin()
            self._streaming = True
            try:
                for block in stream.blocks():
                    self._desk.follow(block, stream.facts.rate_hz)
                    self._hear(block, listener, instruments)
                    self._reporter.report_if_due(listener, instruments)
                    if self._stop.is_set():
                        return
            finally:
                self._streaming = False
                self._obey(None)
            for frame in listener.flush():
                self._outbox.put(frame, wait=self._patient)
            self._reporter.report(listener, instruments)
            self._outbox.put(StreamEnded(), wait=True)

    def _hear(self, block: IqBlock, listener: Listener, instruments: Instruments | None) -> None:
        block_utc = _utc_of(block)
        if instruments is not None:
            block = instruments.take(block, block_utc)
        for frame in listener.feed(block, block_utc):
            if instruments is not None:
                instruments.heard(frame)
            # The rules and frequencies of a downlink are those of the first zone.
            if frame.zone == self._settings.zone:
                self._desk.heard(frame)
            self._outbox.put(frame, wait=self._patient)
        self._obey(instruments)

    def _obey(self, instruments: Instruments | None) -> None:
        """Carry out what was asked for."""
        while not self._commands.empty():
            command = self._commands.get_nowait()
            if instruments is None:
                self._refuse(command, "no samples come in")
            elif (refused := instruments.keep(command)) is not None:
                self._outbox.put(refused)

    def _refuse(self, command: KeepClip, problem: str) -> None:
        self._outbox.put(ClipKept(id=command.id, name=None, seconds=0.0, problem=problem))

    def _instruments(self, facts: StreamFacts) -> Instruments | None:
        """What watches a live stream; a recording was watched when it was made."""
        if self._patient:
            return None
        return Instruments(self._settings, facts, self._counts, self._lasting, self._rng)

    def _listener(self, facts: StreamFacts, instruments: Instruments | None) -> Listener:
        return Listener(
            facts,
            self._counts,
            bit_rates=self._settings.all_bit_rates,
            zones=self._settings.zones,
            full_scale_dbm=self._lasting.full_scale.dbm,
            sift=instruments.sift if instruments else _all_of,
        )

    def _say_opened(self, stream: SampleStream) -> None:
        description, facts = self._front_end.description, stream.facts
        log.info("front end open: %s rate_hz=%s", description, facts.rate_hz)
        opened = StreamOpened(
            description=description,
            simulated=self._front_end.simulated,
            rate_hz=facts.rate_hz,
            center_hz=facts.center_hz,
        )
        self._outbox.put(opened, wait=self._patient)

    def _fail(self, error: FrontEndError, again_in_s: float | None) -> None:
        log.warning("front end failed: %s again_in_s=%s", error, again_in_s)
        self._outbox.put(StreamFailed(reason=str(error), again_in_s=again_in_s))


def _utc_of(block: IqBlock) -> datetime | None:
    """Wall clock at the block's first sample; asked anew for each block, for clocks are set."""
    if block.captured_at is None:
        return None
    return datetime.now(UTC) - timedelta(seconds=time.monotonic() - block.captured_at)


def _all_of(found: Found) -> Found:
    return found


def _lasting(settings: WorkerSettings, outbox: Outbox, *, simulated: bool) -> Lasting:
    box = settings.black_box
    recorded = isinstance(settings.front_end, RecordingSettings)
    writer = None
    if box.enabled and box.folder is not None and not recorded:
        writer = ClipWriter(Path(box.folder), box.max_bytes, outbox.put)
    return Lasting(
        full_scale=full_scale_of(settings),
        writer=writer,
        oscillator=None if simulated else Oscillator(settings.reference_device),
        simulated=simulated,
    )
