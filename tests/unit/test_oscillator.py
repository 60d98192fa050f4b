"""The error of our oscillator, from senders that are known and from counting samples."""

from __future__ import annotations

import ctypes

import numpy as np
import pytest

from radio.levels.oscillator import Oscillator
from radio.levels.reference import OLDEST_S, ReferenceDevice, ReferenceErrors
from radio.levels.sample_clock_error import SampleClockError
from radio.levels.system_clock import clock_error_s

KNOWN = ReferenceDevice(device_id="0051abcd", frequency_hz=868_100_000.0, accuracy_ppm=0.3)
BLOCK_S = 0.5


def read_at(ppm: float, true_hz: float = 868_100_000.0) -> float:
    """What a receiver reads whose oscillator is fast by `ppm`."""
    return true_hz * (1 - 1e-6 * ppm)


def arrivals(
    clock: SampleClockError, ppm: float, hours: float, *, seed: int = 1, clock_error_s: float = 1e-3
) -> None:
    """Blocks that come late by buffers, at most of the time a little, of a crystal off by `ppm`."""
    rng = np.random.default_rng(seed)
    utc_s = 1.8e9
    for number in range(int(hours * 3600 / BLOCK_S)):
        true_s = number * BLOCK_S
        late_s = 0.004 + float(rng.exponential(0.01))
        clock.arrived(true_s * (1 + 1e-6 * ppm), utc_s + true_s + late_s, clock_error_s)


@pytest.mark.parametrize("ppm", [-37.0, 0.0, 2.5, 80.0])
def test_hours_of_samples_tell_the_crystal_within_what_is_promised(ppm: float) -> None:
    clock = SampleClockError()
    arrivals(clock, ppm, hours=3.0)
    estimate = clock.estimate()
    assert estimate is not None
    assert estimate.ppm == pytest.approx(ppm, abs=estimate.uncertainty_ppm)
    assert estimate.uncertainty_ppm < 0.5
    assert estimate.certain


def test_a_quarter_of_an_hour_is_too_uncertain_to_correct_by() -> None:
    clock = SampleClockError()
    arrivals(clock, 20.0, hours=0.1)
    assert clock.estimate() is None
    clock.restart()
    arrivals(clock, 20.0, hours=0.25, clock_error_s=5e-3)
    estimate = clock.estimate()
    assert estimate is not None
    assert not estimate.certain
    assert estimate.ppm == pytest.approx(20.0, abs=estimate.uncertainty_ppm)


def test_a_clock_that_is_set_or_not_disciplined_begins_anew() -> None:
    clock = SampleClockError()
    arrivals(clock, 5.0, hours=1.0)
    clock.arrived(3_700.0, 1.8e9 + 3_700.0, None)
    assert clock.estimate() is None
    arrivals(clock, 5.0, hours=1.0)
    for minute in range(40):
        stream_s = 3_600.0 + 20.0 * minute
        clock.arrived(stream_s, 1.8e9 + stream_s + 7.0, 1e-3)
    estimate = clock.estimate()
    assert estimate is not None
    assert abs(estimate.ppm) < 1.0 + estimate.uncertainty_ppm


def test_reference_devices_tell_it_with_how_well_they_are_known() -> None:
    errors = ReferenceErrors([KNOWN])
    for number, ppm in enumerate((11.8, 12.1, 12.0, 12.3, 40.0)):
        errors.heard("0051abcd", read_at(ppm), float(number))
        errors.heard("00000001", read_at(-50.0), float(number))
    errors.heard("0051abcd", read_at(500.0), 5.0)
    estimate = errors.estimate(6.0)
    assert estimate is not None
    assert estimate.ppm == pytest.approx(12.1, abs=0.01)
    assert 0.3 < estimate.uncertainty_ppm < 1.0
    assert estimate.count == 5
    assert errors.estimate(OLDEST_S + 10.0) is None


def test_of_several_carriers_the_nearest_counts() -> None:
    other = ReferenceDevice(device_id="0051abcd", frequency_hz=868_200_000.0)
    errors = ReferenceErrors([KNOWN, other])
    for _ in range(3):
        errors.heard("0051abcd", read_at(-4.0, 868_200_000.0), 0.0)
    estimate = errors.estimate(0.0)
    assert estimate is not None
    assert estimate.ppm == pytest.approx(-4.0, abs=1e-3)


def test_the_surer_way_is_believed_and_named() -> None:
    oscillator = Oscillator([KNOWN])
    nothing = oscillator.stats(0.0)
    assert (nothing.ppm, nothing.source, nothing.certain) == (None, None, False)
    for _ in range(3):
        oscillator.heard("0051abcd", read_at(3.0), 0.0)
    devices = oscillator.stats(0.0)
    assert (devices.source, devices.certain) == ("reference_devices", True)
    assert devices.ppm == pytest.approx(3.0, abs=1e-3)
    for minute in range(600):
        at_s = 60.0 * minute
        oscillator.samples_arrived(at_s, 1.8e9 + at_s, 1e-4, lost=False)
    both = oscillator.stats(0.0)
    assert (both.source, both.clock_disciplined) == ("sample_clock", True)
    assert both.reference_devices is not None
    assert both.ppm == pytest.approx(0.0, abs=0.1)
    oscillator.samples_arrived(36_000.0, 1.8e9 + 36_000.0, 1e-4, lost=True)
    assert oscillator.stats(0.0).source == "reference_devices"


def test_the_kernel_says_how_right_the_clock_is_or_that_it_is_not() -> None:
    error_s = clock_error_s()
    synchronised = ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(1024)) not in {-1, 5}
    assert error_s is None or (synchronised and 0 <= error_s < 10)
