"""How long after its end a frame is reported, in samples: whoever it is for waits."""

from __future__ import annotations

import numpy as np
import pytest

from radio.dsp.blocks import BlockTransform
from radio.dsp.receiver import Receiver
from radio.dsp.report import Decoded
from radio.dsp.spectra import Grid, SpectraStore
from tests.simulators.scene import Scene

FEED = 1000


@pytest.mark.parametrize("payload_bytes", [0, 1, 12])
@pytest.mark.parametrize(("bit_rate", "at_most_s"), [(100, 0.09), (600, 0.06)])
def test_a_frame_is_reported_soon_after_its_last_bit(
    bit_rate: int, payload_bytes: int, at_most_s: float
) -> None:
    scene = Scene(3.0, seed=payload_bytes)
    sent = scene.add(
        carrier_hz=20_000.0,
        first_bit_s=0.3,
        snr_db=20.0,
        bit_rate=bit_rate,
        payload_bytes=payload_bytes,
    )
    receiver = Receiver(rate_hz=scene.rate_hz, center_hz=0.0, bit_rates=(bit_rate,))
    for start in range(0, scene.samples.size, FEED):
        events = receiver.feed(scene.samples[start : start + FEED], start)
        frames = [event.frame for event in events if isinstance(event, Decoded)]
        if frames:
            bits = 48 + 8 * len(frames[0].packet)
            delay_s = (start + FEED) / scene.rate_hz - (sent.first_bit_s + bits / bit_rate)
            assert frames[0].uplink == sent.uplink
            assert 0 < delay_s < at_most_s
            return
    pytest.fail("not decoded")


def test_what_is_taken_out_before_a_block_comes_is_missing_from_it_when_it_comes() -> None:
    samples = np.random.default_rng(5).standard_normal(2 * 3200, np.float32).view(np.complex64)
    grid = Grid.cover(10_000.0, 100, -4000.0, 4000.0)
    early, late = SpectraStore(grid, capacity=8), SpectraStore(grid, capacity=8)
    out = np.full((3, 40), 5 + 2j, np.complex64)
    blocks = BlockTransform(grid)
    early.append(blocks.take(samples[: 2 * grid.size]))
    assert early.end < 5
    early.subtract(3, -10, out)
    early.append(blocks.take(samples[2 * grid.size :]))
    late.append(BlockTransform(grid).take(samples))
    late.subtract(3, -10, out)
    assert early.end == late.end
    np.testing.assert_array_equal(early.rows(3, 6), late.rows(3, 6))
    assert np.abs(late.rows(3, 6)).max() > 0
