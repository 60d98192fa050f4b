"""Noise and occupancy of each kHz: what is on the air is what is read."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nap.levels import DAY_S, LevelHistory
from radio.events import LevelsMeasured
from radio.levels.drift import DriftMeter
from radio.levels.meter import LevelMeter, Levels
from tests.simulators.scene import NOISE_PER_HZ, Samples, white_noise

RATE_HZ, CENTER_HZ = 250e3, 868_130_000.0
BAND = (868_034_000.0, 868_226_000.0)
NOISE_DB = 10 * np.log10(NOISE_PER_HZ)


def meter(*bands: tuple[float, float]) -> LevelMeter:
    return LevelMeter(RATE_HZ, CENTER_HZ, bands or (BAND,))


def carrier(seconds: float, offset_hz: float, snr_db_in_100_hz: float) -> Samples:
    at = np.arange(int(seconds * RATE_HZ)) / RATE_HZ
    amplitude = np.sqrt(NOISE_PER_HZ * 100 * 10 ** (snr_db_in_100_hz / 10))
    return (amplitude * np.exp(2j * np.pi * offset_hz * at)).astype(np.complex64)


def measured(meter: LevelMeter, samples: Samples, block: int = 4096) -> Levels:
    for at in range(0, samples.size, block):
        meter.feed(samples[at : at + block], at)
    levels = meter.take()
    assert levels is not None
    return levels


def test_white_noise_reads_as_it_is_in_every_khz_and_as_nothing_else() -> None:
    levels = measured(meter(), white_noise(np.random.default_rng(1), int(30 * RATE_HZ), RATE_HZ))
    assert levels.khz.tolist() == list(range(868_034, 868_226))
    assert np.abs(levels.noise_db - NOISE_DB).max() < 0.6
    assert abs(np.median(levels.noise_db) - NOISE_DB) < 0.15
    assert levels.busy.max() <= 0.01
    assert levels.seconds == pytest.approx(30, abs=0.3)


def test_a_frame_at_12_db_is_busy_for_as_long_as_it_lasts_and_only_where_it_is() -> None:
    noise = white_noise(np.random.default_rng(2), int(40 * RATE_HZ), RATE_HZ)
    noise[: int(8 * RATE_HZ)] += carrier(8.0, 20_500.0, 14.0)
    levels = measured(meter(), noise)
    row = levels.khz.tolist().index(868_150)
    assert levels.busy[row] == pytest.approx(0.2, abs=0.03)
    assert np.delete(levels.busy, row).max() <= 0.02
    assert levels.noise_db[row] == pytest.approx(NOISE_DB, abs=1.0)


def test_the_block_size_never_matters_and_lost_samples_are_not_measured() -> None:
    noise = white_noise(np.random.default_rng(3), int(3 * RATE_HZ), RATE_HZ)
    whole, parts = (measured(meter(), noise, size) for size in (noise.size, 997))
    assert np.array_equal(whole.noise_db, parts.noise_db)
    noise[int(RATE_HZ) :] = 0
    holed = measured(meter(), noise)
    assert holed.seconds == pytest.approx(1.0, abs=0.21)
    assert abs(np.median(holed.noise_db) - NOISE_DB) < 0.4


def test_two_bands_and_what_lies_between_them_is_not_read() -> None:
    levels = measured(
        meter((868_040_000.0, 868_050_000.0), (868_200_000.0, 868_203_000.0)),
        white_noise(np.random.default_rng(4), int(2 * RATE_HZ), RATE_HZ),
    )
    assert levels.khz.tolist() == [*range(868_040, 868_050), *range(868_200, 868_203)]


def test_the_noise_at_a_place_is_known_after_some_seconds() -> None:
    gauge = meter()
    assert gauge.noise_db_at(868_034_700.0) is None
    noise = white_noise(np.random.default_rng(5), int(6 * RATE_HZ), RATE_HZ)
    gauge.feed(noise, 0)
    assert gauge.noise_db_at(868_034_700.0) == pytest.approx(NOISE_DB, abs=1.0)


@settings(max_examples=25)
@given(
    st.lists(
        st.tuples(
            st.integers(-(2**40), 2**40),
            st.integers(0, 60_000),
            st.sampled_from([0.0, 1e-30, 1.0, 1e6, 1e30, np.nan, np.inf]),
        ),
        max_size=6,
    )
)
def test_no_samples_whatever_upset_it(runs: list[tuple[int, int, float]]) -> None:
    gauge = meter()
    for first, count, value in runs:
        gauge.feed(np.full(count, value, np.complex64), first)
    levels = gauge.take()
    assert levels is None or np.isfinite(levels.noise_db).all()


def told(
    noise: float, busy: float, khz: int = 868_100, drift: float | None = 1.0
) -> LevelsMeasured:
    return LevelsMeasured(
        seconds=600.0, khz=[khz, khz + 1], noise_dbfs_per_hz=[noise, noise + 2], busy=[busy, 0.0],
        frames=3, common_drift_hz_per_s=drift, usual_drift_hz_per_s=drift,
    )  # fmt: skip


def test_a_day_of_measurements_is_summed_up_and_what_is_older_is_gone() -> None:
    history = LevelHistory()
    assert history.day() is None
    history.add(told(-50.0, 1.0), None, 0.0)
    for number in range(150):
        history.add(told(-120.0 + number % 3, 0.1), -20.0, DAY_S + 600.0 * number)
    day = history.day()
    assert day is not None
    assert day.hours == pytest.approx(24.0, abs=0.5)
    assert day.noise_of_khz == [-119.0, -117.0]
    assert (day.quietest_of_khz, day.loudest_of_khz) == ([-120.0, -118.0], [-118.0, -116.0])
    assert day.busy_of_khz == [0.1, 0.0]
    assert day.noise_dbm_per_hz == day.noise_dbfs_per_hz - 20.0
    assert (day.busy, day.busy_now, day.common_drift_hz_per_s) == (0.05, 0.05, 1.0)


def test_other_zones_begin_anew_and_nonsense_is_left_out() -> None:
    history = LevelHistory()
    history.add(told(-120.0, 0.5), None, 0.0)
    history.add(told(-100.0, 0.1, khz=923_000), None, 600.0)
    day = history.day()
    assert day is not None
    assert (day.khz, day.noise_of_khz, day.noise_dbm_per_hz) == (
        [923_000, 923_001],
        [-100, -98],
        None,
    )
    history.add(LevelsMeasured(
        seconds=1.0, khz=[1, 2], noise_dbfs_per_hz=[1.0], busy=[], frames=0,
        common_drift_hz_per_s=None, usual_drift_hz_per_s=None,
    ), None, 700.0)  # fmt: skip
    assert history.day() == day


def test_what_all_frames_drift_is_ours_and_the_rest_is_theirs() -> None:
    meter = DriftMeter()
    for drift in (7.0, 9.0, 8.0, 3.0, 13.0):
        meter.heard(drift)
    drifts = meter.take()
    assert (drifts.frames, drifts.common_hz_per_s, drifts.usual_hz_per_s) == (5, 8.0, 1.0)
    assert meter.take().common_hz_per_s is None
    for number in range(5000):
        meter.heard(number)
    assert meter.take().frames == 1000
