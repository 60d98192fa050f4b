"""What `nap status` says of levels, heartbeat, oscillator and black box, a line each."""

from __future__ import annotations

from collections.abc import Iterator

from nap.levels import LevelsOfDay
from nap.radio_link import RadioStatus
from radio.stats import BlackBoxStats, HeartbeatStats, OscillatorStats, RadioStats


def radio_facts(radio: RadioStatus) -> Iterator[tuple[str, str]]:
    """Name and text of each line."""
    stats = radio.stats
    if radio.levels:
        yield "air", _air(radio.levels)
    if stats is None:
        return
    yield "search", _search(stats)
    yield "levels", _calibration(stats)
    if stats.heartbeat:
        yield "heartbeat", _heartbeat(stats.heartbeat)
    if stats.oscillator:
        yield "oscillator", _oscillator(stats.oscillator)
    if stats.black_box:
        yield "black box", _black_box(stats.black_box)


def _air(day: LevelsOfDay) -> str:
    worst = max(range(len(day.khz)), key=day.busy_of_khz.__getitem__)
    noise = f"noise {day.noise_dbfs_per_hz:.1f} dBFS/Hz"
    if day.noise_dbm_per_hz is not None:
        noise += f" ({day.noise_dbm_per_hz:.1f} dBm/Hz)"
    drift = ""
    if day.common_drift_hz_per_s is not None and day.usual_drift_hz_per_s is not None:
        drift = (
            f"; frames drift {day.common_drift_hz_per_s:+.1f} ± {day.usual_drift_hz_per_s:.1f} Hz/s"
        )
    return (
        f"{noise} over {day.hours:.1f} h; busy {100 * day.busy:.2f} %, now "
        f"{100 * day.busy_now:.2f} %, most {100 * day.busy_of_khz[worst]:.1f} % at "
        f"{day.khz[worst] / 1e3:.3f} MHz{drift}"
    )


def _search(stats: RadioStats) -> str:
    blanked = 100 * stats.samples_blanked / stats.samples if stats.samples else 0.0
    return (
        f"{stats.candidates} candidates, {stats.bursts} bursts, {stats.frames} frames; "
        f"{stats.samples_blanked} samples ({blanked:.2g} %) cut out as impulses"
    )


def _calibration(stats: RadioStats) -> str:
    if stats.full_scale_dbm is None:
        return f"no dBm: {stats.uncalibrated or 'uncalibrated'}"
    return f"full scale is {stats.full_scale_dbm:.1f} dBm"


def _heartbeat(beat: HeartbeatStats) -> str:
    return (
        f"{beat.decoded_last_hour} of {beat.injected_last_hour} decoded in the last hour, "
        f"at {beat.snr_db:g} dB"
    )


def _oscillator(oscillator: OscillatorStats) -> str:
    if oscillator.ppm is None or oscillator.uncertainty_ppm is None:
        clock = "is" if oscillator.clock_disciplined else "is not"
        return f"error unknown yet; the system's clock {clock} disciplined"
    source = (oscillator.source or "").replace("_", " ")
    trust = "" if oscillator.certain else ", too uncertain to correct by"
    return f"{oscillator.ppm:+.2f} ± {oscillator.uncertainty_ppm:.2f} ppm, from {source}{trust}"


def _black_box(box: BlackBoxStats) -> str:
    problem = f"; {box.problem}" if box.problem else ""
    if box.passed_over:
        problem = f"; {box.passed_over} bursts got none{problem}"
    return (
        f"{box.clips} clips, {box.bytes / 1e6:.1f} of {box.max_bytes / 1e6:.0f} MB; "
        f"the last {box.ring_s:.0f} s in memory{problem}"
    )
