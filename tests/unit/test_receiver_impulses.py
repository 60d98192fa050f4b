"""Fifty strong impulses a second cost no frame, and frames are never taken for impulses."""

from __future__ import annotations

import numpy as np
import pytest

from radio.dsp.blanker import Blanker
from radio.dsp.modulate import Shape
from radio.dsp.receiver import Receiver
from tests.simulators.scene import IMPULSES_PER_S, Scene, add_impulses, missed


@pytest.mark.parametrize("bit_rate", [100, 600])
@pytest.mark.parametrize(
    ("over_noise_db", "length_s"), [(60.0, 4e-6), (40.0, 200e-6), (20.0, 1e-3), (60.0, 1e-3)]
)
def test_frames_survive_impulses(bit_rate: int, over_noise_db: float, length_s: float) -> None:
    scene = Scene(2.6 if bit_rate == 100 else 1.0, seed=1)
    for place_hz in np.linspace(-85e3, 85e3, 12):
        first_bit_s = float(scene.rng.uniform(0.1, 0.4))
        scene.add(
            carrier_hz=float(place_hz), first_bit_s=first_bit_s, snr_db=13.0, bit_rate=bit_rate
        )
    add_impulses(scene, over_noise_db=over_noise_db, length_s=length_s)
    receiver = Receiver(rate_hz=scene.rate_hz, center_hz=0.0, bit_rates=(bit_rate,))
    events = receiver.feed(scene.samples, 0) + receiver.flush()
    assert len(missed(scene, events)) <= 1
    hit = IMPULSES_PER_S * scene.seconds * max(1.0, length_s * scene.rate_hz)
    assert 0.5 * hit < receiver.blanked_samples < 20 * hit + 0.01 * scene.samples.size


@pytest.mark.parametrize("snr_db", [40.0, 60.0])
def test_strong_frames_are_no_impulses(snr_db: float) -> None:
    scene = Scene(3.0, seed=2)
    for number, place_hz in enumerate(np.linspace(-85e3, 85e3, 12)):
        scene.add(
            carrier_hz=float(place_hz),
            first_bit_s=float(scene.rng.uniform(0.1, 2.0)),
            snr_db=snr_db,
            bit_rate=600 if number % 3 else 100,
            shape=list(Shape)[number % 3],
        )
    blanker = Blanker(scene.rate_hz)
    blanker.take(scene.samples)
    assert blanker.blanked_samples == 0


def test_every_sample_comes_out_once_however_they_are_cut() -> None:
    scene = Scene(0.5, seed=3)
    add_impulses(scene, over_noise_db=40.0, length_s=1e-4)
    whole = Blanker(scene.rate_hz)
    expected = np.concatenate((whole.take(scene.samples), whole.flush()))
    assert expected.size == scene.samples.size
    assert np.count_nonzero(expected == 0) == whole.blanked_samples > 0
    for size in (61, 997, 30_000):
        blanker = Blanker(scene.rate_hz)
        parts = [
            blanker.take(scene.samples[start : start + size])
            for start in range(0, scene.samples.size, size)
        ]
        np.testing.assert_array_equal(np.concatenate((*parts, blanker.flush())), expected)
