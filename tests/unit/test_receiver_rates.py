"""Frames of 100 and 600 bit/s on the same frequency at once are taken out for each other."""

from __future__ import annotations

import numpy as np

from radio.dsp.modulate import Shape
from radio.dsp.report import Undecoded
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


def test_slow_frames_alone_are_hardly_ever_reported_as_fast_ones() -> None:
    scene = Scene(3.0, seed=3)
    for number in range(16):
        scene.add(
            carrier_hz=-80e3 + 10e3 * number + float(scene.rng.uniform(-2e3, 2e3)),
            first_bit_s=float(scene.rng.uniform(0.1, 0.7)),
            snr_db=float(scene.rng.uniform(10, 14)),
            shape=Shape.S2LP,
        )
    events = scene.receive()
    assert not missed(scene, events)
    fast = [one for one in events if isinstance(one, Undecoded) and one.bit_rate == 600]
    assert len(fast) <= 3 * len(scene.sent)


def test_a_crowd_of_both_bit_rates_near_and_far_decodes() -> None:
    scene = Scene(3.0, seed=5)
    for bit_rate, count, last_start_s in ((100, 30, 0.8), (600, 20, 2.6)):
        for _ in range(count):
            scene.add(
                carrier_hz=float(scene.rng.uniform(-90e3, 90e3)),
                first_bit_s=float(scene.rng.uniform(0.1, last_start_s)),
                snr_db=float(scene.rng.uniform(10, 40)),
                bit_rate=bit_rate,
                shape=Shape.S2LP,
            )
    assert len(missed(scene, scene.receive())) <= 1
