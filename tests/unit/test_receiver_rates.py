"""Frames of 100 and 600 bit/s on the same frequency at once are taken out for each other."""

from __future__ import annotations

import numpy as np

from radio.dsp.modulate import Shape
from tests.simulators.scene import Scene, missed

PLACES_HZ = np.linspace(-80e3, 80e3, 9)


def test_a_fast_frame_below_a_slow_one_is_found_when_that_is_over() -> None:
    scene = Scene(3.0, seed=1)
    for place_hz in PLACES_HZ:
        scene.add(carrier_hz=float(place_hz), first_bit_s=0.3, snr_db=19.0, shape=Shape.S2LP)
        scene.add(
            carrier_hz=float(place_hz + scene.rng.uniform(-150, 150)),
            first_bit_s=float(scene.rng.uniform(0.6, 1.8)),
            snr_db=11.0,
            bit_rate=600,
            shape=Shape.S2LP,
        )
    lost = missed(scene, scene.receive())
    assert len(lost) <= 2
    assert len(missed(scene, scene.receive(bit_rates=(600,)))) > len(PLACES_HZ)


def test_a_slow_frame_survives_the_fast_ones_that_hit_it() -> None:
    scene = Scene(3.0, seed=2)
    slow = [
        scene.add(carrier_hz=float(place_hz), first_bit_s=0.3, snr_db=15.0, shape=Shape.S2LP)
        for place_hz in PLACES_HZ
    ]
    for place_hz in PLACES_HZ:
        for first_bit_s in (0.35, 1.0, 1.7):
            scene.add(
                carrier_hz=float(place_hz + scene.rng.uniform(60, 200)),
                first_bit_s=first_bit_s,
                snr_db=20.0,
                bit_rate=600,
                shape=Shape.S2LP,
            )
    lost = missed(scene, scene.receive())
    assert sum(sent in lost for sent in slow) <= 2
    alone = missed(scene, scene.receive(bit_rates=(100,)))
    assert sum(sent in alone for sent in slow) > len(slow) // 2
