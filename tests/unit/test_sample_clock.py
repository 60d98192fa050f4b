"""Samples are placed in time, and missing ones found, whatever the network does to them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from radio.frontend.sample_clock import PROOF_S, SampleClock

RATE_HZ = 250_000.0
BLOCK = 16_384
BLOCK_S = BLOCK / RATE_HZ


def run(clock: SampleClock, arrivals: list[float]) -> tuple[int, list[float]]:
    """Feed one block at each arrival; samples lost, and each block's time."""
    placed = [clock.receive(BLOCK, now) for now in arrivals]
    return sum(place.lost_before for place in placed), [place.captured_at for place in placed]


@settings(max_examples=30)
@given(st.integers(0, 2**32 - 1), st.floats(-100, 100))
def test_jitter_and_slow_clocks_lose_nothing(seed: int, clock_ppm: float) -> None:
    rng = np.random.default_rng(seed)
    taken = 100 + (1 + 1e-6 * clock_ppm) * BLOCK_S * np.arange(1, 600)
    late = np.minimum(rng.exponential(0.02, taken.size), 0.5)
    lost, times = run(SampleClock(RATE_HZ, 100.0), list(np.maximum.accumulate(taken + late)))
    assert lost == 0
    assert np.abs(np.array(times[100:]) - (taken[100:] - BLOCK_S)).max() < 0.03


@pytest.mark.parametrize("clock_ppm", [-150, 150])
def test_the_clock_of_the_samples_is_followed_for_hours(clock_ppm: float) -> None:
    clock, second = SampleClock(RATE_HZ, 100.0), 1 + 1e-6 * clock_ppm
    placed = [clock.receive(int(RATE_HZ), 100 + second * n) for n in range(1, 7200)]
    assert sum(place.lost_before for place in placed) == 0
    assert placed[-1].captured_at == pytest.approx(100 + second * 7198, abs=0.01)


def test_a_second_without_network_loses_nothing_when_all_comes_after_it() -> None:
    arrivals = [100 + BLOCK_S * n for n in range(1, 200)]
    arrivals = [112.0 if 110 < at < 112 else at for at in arrivals]
    assert run(SampleClock(RATE_HZ, 100.0), arrivals)[0] == 0


@pytest.mark.parametrize("missing_s", [0.1, 0.5, 5.0])
def test_what_never_comes_is_counted_once(missing_s: float) -> None:
    arrivals = [100 + BLOCK_S * n for n in range(1, 300)]
    arrivals = [at if at < 110 else at + missing_s for at in arrivals]
    lost, times = run(SampleClock(RATE_HZ, 100.0), arrivals)
    assert lost == pytest.approx(missing_s * RATE_HZ, abs=0.01 * RATE_HZ)
    assert times[-1] == pytest.approx(arrivals[-1] - BLOCK_S, abs=0.01)


def test_a_server_that_is_too_slow_for_ever_is_seen() -> None:
    arrivals = [100 + 1.5 * BLOCK_S * n for n in range(1, 400)]
    lost, times = run(SampleClock(RATE_HZ, 100.0), arrivals)
    assert lost > 0.25 * 400 * BLOCK
    assert arrivals[-1] - times[-1] < 2 * PROOF_S
