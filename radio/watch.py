"""Keeping a front end open: streams, failures, and reports about both."""

from __future__ import annotations

import logging
import threading
import time
from datetime import UTC, datetime, timedelta
from typing import Final

import numpy as np

from radio.events import RadioStats, StreamEnded, StreamFailed, StreamOpened
from radio.frontend.ports import FrontEnd, FrontEndError, IqBlock, RecordingError, SampleStream
from radio.listener import Counts, Listener, UnfitStreamError
from radio.outbox import Outbox
from radio.reopen import ReopenDelay
from radio.settings import RecordingSettings, WorkerSettings
from radio.transmit_desk import TransmitDesk

log = logging.getLogger(__name__)

STATS_EVERY_S: Final = 1.0


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
        self._desk = desk
        self._stop, self._delay = stop, ReopenDelay(rng)
        # A recording waits for its reader; live samples do not come again.
        self._patient = isinstance(settings.front_end, RecordingSettings)
        self._counts = Counts()
        self._meter = LoadMeter()

    def run(self) -> bool:
        """Listen until told to stop or to the end of a recording; False: it cannot be done."""
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
            settings = self._settings
            listener = Listener(
                stream.facts,
                self._counts,
                bit_rates=settings.bit_rates or settings.zone_facts.bit_rates,
                band_hz=settings.zone_facts.band_hz,
                calibration_db=settings.calibration_db,
            )
            self._say_opened(stream)
            self._meter.begin(time.monotonic(), time.process_time(), self._counts.samples_s)
            for block in stream.blocks():
                self._desk.follow(block, stream.facts.rate_hz)
                for frame in listener.feed(block, _utc_of(block)):
                    self._desk.heard(frame)
                    self._outbox.put(frame, wait=self._patient)
                if self._meter.due(time.monotonic()):
                    self._report(listener)
                if self._stop.is_set():
                    return
            for frame in listener.flush():
                self._outbox.put(frame, wait=self._patient)
            self._report(listener)
            self._outbox.put(StreamEnded(), wait=True)

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

    def _report(self, listener: Listener) -> None:
        counts = self._counts
        stats = RadioStats(
            frames=counts.frames,
            frames_lost=self._outbox.frames_lost,
            samples=counts.samples,
            samples_lost=counts.samples_lost,
            bursts=counts.frames + counts.rejected.total(),
            rejected=dict(counts.rejected),
            load=self._meter.load(time.process_time(), counts.samples_s),
            noise_dbfs_per_hz=listener.noise_dbfs_per_hz,
        )
        self._outbox.put(stats)


class LoadMeter:
    """When to report, and how much of the processor the samples since the last report took."""

    def __init__(self) -> None:
        self._due_at = self._cpu_s = self._samples_s = 0.0

    def begin(self, now: float, cpu_s: float, samples_s: float) -> None:
        """A stream begins: what was spent before, on starting or on waiting, is not its load."""
        self._due_at = now + STATS_EVERY_S
        self._cpu_s, self._samples_s = cpu_s, samples_s

    def due(self, now: float) -> bool:
        """True once every `STATS_EVERY_S`."""
        if now < self._due_at:
            return False
        self._due_at = now + STATS_EVERY_S
        return True

    def load(self, cpu_s: float, samples_s: float) -> float:
        """CPU time over sample time since the last call; both count from the start."""
        cpu_used_s, heard_s = cpu_s - self._cpu_s, samples_s - self._samples_s
        self._cpu_s, self._samples_s = cpu_s, samples_s
        return cpu_used_s / heard_s if heard_s > 0 else 0.0


def _utc_of(block: IqBlock) -> datetime | None:
    """Wall clock at the block's first sample; asked anew for each block, for clocks are set."""
    if block.captured_at is None:
        return None
    return datetime.now(UTC) - timedelta(seconds=time.monotonic() - block.captured_at)
