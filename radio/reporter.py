"""What the worker counted and measured, told every second while samples flow."""

from __future__ import annotations

import time

from radio.instruments import Instruments
from radio.levels.full_scale import FullScale
from radio.listener import Counts, Listener
from radio.load_meter import LoadMeter
from radio.outbox import Outbox
from radio.stats import RadioStats


class Reporter:
    """Tells of all streams of a worker."""

    def __init__(self, outbox: Outbox, counts: Counts, full_scale: FullScale) -> None:
        self._outbox, self._counts, self._full_scale = outbox, counts, full_scale
        self._meter = LoadMeter()

    def begin(self) -> None:
        """A stream begins."""
        self._meter.begin(time.monotonic(), time.process_time(), self._counts.samples_s)

    def report_if_due(self, listener: Listener, instruments: Instruments | None) -> None:
        """Report when the second is over."""
        if self._meter.due(time.monotonic()):
            self.report(listener, instruments)

    def report(self, listener: Listener, instruments: Instruments | None) -> None:
        """Report now; `instruments` are None for a recording."""
        self._outbox.put(self._stats(listener, instruments))
        if instruments is not None and (levels := instruments.levels_due()) is not None:
            self._outbox.put(levels)

    def _stats(self, listener: Listener, instruments: Instruments | None) -> RadioStats:
        counts = self._counts
        return RadioStats(
            frames=counts.frames,
            frames_lost=self._outbox.frames_lost,
            samples=counts.samples,
            samples_lost=counts.samples_lost,
            samples_blanked=counts.samples_blanked,
            candidates=counts.candidates,
            bursts=counts.frames + counts.rejected.total(),
            rejected=dict(counts.rejected),
            load=self._meter.load(time.process_time(), counts.samples_s),
            noise_dbfs_per_hz=listener.noise_dbfs_per_hz,
            full_scale_dbm=self._full_scale.dbm,
            uncalibrated=self._full_scale.unknown,
            heartbeat=instruments.heartbeat_stats() if instruments else None,
            black_box=instruments.black_box_stats() if instruments else None,
            oscillator=instruments.oscillator_stats() if instruments else None,
        )
