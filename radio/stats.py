"""What the radio worker counts and measures, told about every second."""

from __future__ import annotations

from typing import Literal

import msgspec


class HeartbeatStats(msgspec.Struct, frozen=True, kw_only=True):
    """How many of our own frames, added to the samples, were decoded.

    Attributes:
        snr_db: Their power over the noise in bit-rate Hz.
        injected: In the life of the worker, as far as their outcome is known.
        decoded: Of these.
        injected_last_hour: In the last hour of samples.
        decoded_last_hour: Of these.
    """

    snr_db: float
    injected: int
    decoded: int
    injected_last_hour: int
    decoded_last_hour: int


class BlackBoxStats(msgspec.Struct, frozen=True, kw_only=True):
    """What the black box keeps.

    Attributes:
        clips: On disk.
        bytes: Which they take.
        max_bytes: Room for them.
        ring_s: How far back the samples in memory reach.
        kept: Clips written in the life of the worker.
        passed_over: Bursts that were worth a clip and got none: too many, or too late.
        removed: Clips that made room for others.
        failed: Clips that could not be written.
        problem: Why the last one could not; None while all is well.
        too_short: What to change where memory is too short for bursts that did not decode.
    """

    clips: int
    bytes: int
    max_bytes: int
    ring_s: float
    kept: int
    passed_over: int
    removed: int
    failed: int
    problem: str | None
    too_short: str | None = None


class PpmEstimate(msgspec.Struct, frozen=True, kw_only=True):
    """The oscillator's error as one way tells it; `count` observations."""

    ppm: float
    uncertainty_ppm: float
    count: int


class OscillatorStats(msgspec.Struct, frozen=True, kw_only=True):
    """By how much the front end's oscillator is wrong.

    Attributes:
        ppm: + it is fast and carriers read too low. None while nothing is known.
        uncertainty_ppm: The true value lies within ± this, mostly.
        source: Which way says so: the one with the smaller uncertainty.
        certain: False: not good enough to correct by.
        reference_devices: From senders whose carrier is known.
        sample_clock: From counting samples over hours of disciplined time.
        clock_disciplined: NTP or GNSS keeps the system's clock, says the kernel.
    """

    ppm: float | None
    uncertainty_ppm: float | None
    source: Literal["reference_devices", "sample_clock"] | None
    certain: bool
    reference_devices: PpmEstimate | None
    sample_clock: PpmEstimate | None
    clock_disciplined: bool


class RadioStats(msgspec.Struct, frozen=True, kw_only=True, tag="stats"):
    """Counters of this worker's life, sent about every second while samples flow.

    Attributes:
        frames: Frames decoded, equal to the number of the last frame.
        frames_lost: Frames that did not fit the bounded pipe and were dropped.
        samples: Samples processed.
        samples_lost: Samples that the hardware dropped.
        samples_blanked: Samples cut out because they held impulses.
        candidates: Places that looked like a preamble: the work that the air made.
        bursts: Bursts tried that were more than noise.
        rejected: Bursts that did not decode, by reason.
        load: CPU time over sample time since the last report; above 1 the worker falls behind.
        noise_dbfs_per_hz: Noise floor; None before the first second.
        full_scale_dbm: dBm of a full-scale sine; None while uncalibrated.
        uncalibrated: Why levels in dBm are not known.
        heartbeat: None where there is none, as for recordings.
        black_box: None where it is off, as for recordings.
        oscillator: None for recordings and simulated parts.
    """

    frames: int
    frames_lost: int
    samples: int
    samples_lost: int
    samples_blanked: int
    candidates: int
    bursts: int
    rejected: dict[str, int]
    load: float
    noise_dbfs_per_hz: float | None
    full_scale_dbm: float | None = None
    uncalibrated: str | None = None
    heartbeat: HeartbeatStats | None = None
    black_box: BlackBoxStats | None = None
    oscillator: OscillatorStats | None = None
