"""The simulator behaves as a part does when nobody takes its samples in time."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import numpy as np
import pytest

from radio.air.air import Air
from radio.frontend.simulator import BLOCK_SAMPLES, Simulator
from radio.sigfox.zones import ZONES

RATE_HZ = 250_000.0


def quiet_air() -> Air:
    return Air([], zone=ZONES["RC1"], rate_hz=RATE_HZ)


def test_samples_that_nobody_took_are_lost_and_counted() -> None:
    with Simulator(quiet_air()).open() as stream:
        blocks = stream.blocks()
        first = next(blocks)
        time.sleep(1.3)
        second = next(blocks)
    assert second.lost_before > RATE_HZ
    assert second.first_sample == first.first_sample + BLOCK_SAMPLES + second.lost_before
    late = quiet_air().render(second.first_sample, BLOCK_SAMPLES)
    assert np.array_equal(second.samples, late)


def test_a_short_pause_costs_nothing() -> None:
    with Simulator(quiet_air()).open() as stream:
        blocks = stream.blocks()
        next(blocks)
        time.sleep(0.4)
        following = [next(blocks) for _ in range(4)]
    assert sum(block.lost_before for block in following) == 0


def test_an_air_that_follows_the_clock_goes_on_where_it_would_be() -> None:
    with Simulator(quiet_air(), speed=None, follows_clock=True).open() as stream:
        block = next(stream.blocks())
    assert block.first_sample == 0
    around = datetime.now(UTC).timestamp() % 2**20
    # Find the block in the air by its noise, which no other second has.
    begin = int((around - 10) * RATE_HZ)
    air = quiet_air().render(begin, int(11 * RATE_HZ))
    at = np.flatnonzero(air == block.samples[0])
    assert any(np.array_equal(air[place : place + BLOCK_SAMPLES], block.samples) for place in at)


@pytest.mark.parametrize("speed", [4.0, None])
def test_time_may_run_faster(speed: float | None) -> None:
    simulator = Simulator(quiet_air(), speed=speed)
    assert simulator.simulated
    with simulator.open() as stream:
        blocks = stream.blocks()
        began_at = time.monotonic()
        heard_s = sum(len(next(blocks).samples) for _ in range(32)) / RATE_HZ
        assert heard_s > time.monotonic() - began_at
