"""What measures and watches a live stream beside the receiver: one bundle for each stream."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

import numpy as np

from radio.blackbox.black_box import BlackBox
from radio.blackbox.writer import ClipWriter
from radio.commands import KeepClip
from radio.dsp.report import Undecoded
from radio.events import ClipKept, FrameHeard, LevelsMeasured
from radio.frontend.ports import IqBlock, StreamFacts
from radio.heartbeat import Heartbeat, HeartbeatRate, places_of
from radio.levels.drift import DriftMeter
from radio.levels.full_scale import FullScale
from radio.levels.meter import LevelMeter
from radio.levels.oscillator import Oscillator
from radio.levels.system_clock import clock_error_s
from radio.listener import Counts, Found
from radio.settings import WorkerSettings
from radio.stats import BlackBoxStats, HeartbeatStats, OscillatorStats
from radio.watched_zones import sensing_s

# Levels of so much air are told at once; the first time earlier, so that there is something to see.
LEVELS_EVERY_S: Final = 600.0
FIRST_LEVELS_S: Final = 60.0


@dataclass(slots=True)
class Lasting:
    """What outlives a stream.

    Attributes:
        writer: None: no black box.
        oscillator: None where it is not a real one.
        simulated: The front end is no real part.
    """

    full_scale: FullScale
    writer: ClipWriter | None
    oscillator: Oscillator | None
    simulated: bool
    heartbeats: HeartbeatRate = field(default_factory=HeartbeatRate)
    drifts: DriftMeter = field(default_factory=DriftMeter)


class Instruments:
    """Sees every block before the receiver does, and all that was found before anybody."""

    def __init__(
        self,
        settings: WorkerSettings,
        facts: StreamFacts,
        counts: Counts,
        lasting: Lasting,
        rng: np.random.Generator,
    ) -> None:
        self._facts, self._counts, self._lasting = facts, counts, lasting
        zones = settings.zones
        self._meter = LevelMeter(
            facts.rate_hz, facts.center_hz, tuple(zone.band_hz for zone in zones)
        )
        self._levels_due_s = counts.samples_s + FIRST_LEVELS_S
        self._stream_s = 0.0
        self._heartbeat_snr_db = settings.heartbeat.snr_db
        self._heartbeat: Heartbeat | None = None
        if settings.heartbeat.enabled:
            self._heartbeat = Heartbeat(
                places_of(zones, settings.all_bit_rates),
                lasting.heartbeats,
                rate_hz=facts.rate_hz,
                center_hz=facts.center_hz,
                every_s=settings.heartbeat.every_s,
                snr_db=settings.heartbeat.snr_db,
                rng=rng,
                sensing_s=sensing_s(zones),
            )
        self._black_box: BlackBox | None = None
        if lasting.writer is not None:
            self._black_box = BlackBox(
                settings.black_box,
                facts,
                lasting.writer,
                datatype=settings.datatype,
                needed_s=settings.clip_needed_s,
                full_scale_dbm=lasting.full_scale.dbm,
                zones=[zone.name for zone in zones],
                simulated=lasting.simulated,
            )
        if lasting.oscillator is not None:
            lasting.oscillator.stream_begins()

    def take(self, block: IqBlock, block_utc: datetime | None) -> IqBlock:
        """Measure a block; return it as the receiver is to have it."""
        self._stream_s = (block.first_sample + block.samples.size) / self._facts.rate_hz
        self._meter.feed(block.samples, block.first_sample)
        if self._black_box is not None:
            self._black_box.feed(block, block_utc)
        if self._lasting.oscillator is not None:
            self._lasting.oscillator.samples_arrived(
                self._stream_s,
                datetime.now(UTC).timestamp(),
                clock_error_s(),
                lost=block.lost_before > 0,
            )
        if self._heartbeat is None:
            return block
        mixed = self._heartbeat.add_to(block.samples, block.first_sample, self._meter.noise_db_at)
        return IqBlock(mixed, block.first_sample, block.lost_before, block.captured_at)

    def sift(self, found: Found) -> Found:
        """What was found without what is ours; what did not decode goes to the black box."""
        if self._heartbeat is not None:
            found = self._heartbeat.sift(found, self._stream_s, self._counts.samples_s)
        if self._black_box is not None:
            for burst in found:
                if isinstance(burst, Undecoded):
                    self._black_box.undecoded(burst)
        return found

    def heard(self, frame: FrameHeard) -> None:
        """A frame was decoded."""
        self._lasting.drifts.heard(frame.drift_hz_per_s)
        if self._lasting.oscillator is not None:
            self._lasting.oscillator.heard(
                frame.device_id, frame.frequency_hz, self._counts.samples_s
            )

    def keep(self, command: KeepClip) -> ClipKept | None:
        """Keep the last samples; None: it will be told when they are written."""
        if self._black_box is None:
            problem = "the black box is off"
            return ClipKept(id=command.id, name=None, seconds=0.0, problem=problem)
        return self._black_box.keep(command.id, command.seconds)

    def levels_due(self) -> LevelsMeasured | None:
        """The levels of the last minutes, when it is time to tell them."""
        if self._counts.samples_s < self._levels_due_s:
            return None
        self._levels_due_s = self._counts.samples_s + LEVELS_EVERY_S
        levels, drifts = self._meter.take(), self._lasting.drifts.take()
        if levels is None:
            return None
        return LevelsMeasured(
            seconds=levels.seconds,
            khz=levels.khz.tolist(),
            noise_dbfs_per_hz=levels.noise_db.round(1).tolist(),
            busy=levels.busy.round(4).tolist(),
            frames=drifts.frames,
            common_drift_hz_per_s=drifts.common_hz_per_s,
            usual_drift_hz_per_s=drifts.usual_hz_per_s,
        )

    def heartbeat_stats(self) -> HeartbeatStats | None:
        """For the report."""
        if self._heartbeat is None:
            return None
        rate = self._lasting.heartbeats
        injected, decoded = rate.last_hour()
        return HeartbeatStats(
            snr_db=self._heartbeat_snr_db,
            injected=rate.injected,
            decoded=rate.decoded,
            injected_last_hour=injected,
            decoded_last_hour=decoded,
        )

    def black_box_stats(self) -> BlackBoxStats | None:
        """For the report."""
        return None if self._black_box is None else self._black_box.stats()

    def oscillator_stats(self) -> OscillatorStats | None:
        """For the report."""
        oscillator = self._lasting.oscillator
        return None if oscillator is None else oscillator.stats(self._counts.samples_s)
