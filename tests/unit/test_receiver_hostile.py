"""Air that nobody planned for, and parts that are cheap: frames come through, nothing is made up.

Every scene has frames of both bit rates; levels are those that the receiver withstands.
"""

from __future__ import annotations

import numpy as np
import pytest

from radio.dsp.modulate import Shape
from radio.dsp.receiver import Receiver
from tests.simulators import hostile_air
from tests.simulators.scene import Scene, missed, white_noise

# What the docket lets in at most, at both bit rates: 24 candidates each 40 ms, and half as many
# again where something was taken out.
MOST_CANDIDATES_PER_S = 2 * 24 * 25 * 1.5


def scene_with_frames(*, snr_db: float, seconds: float = 4.0, seed: int = 1) -> Scene:
    scene = Scene(seconds, seed=seed)
    for number, place_hz in enumerate(np.linspace(-85e3, 85e3, 16)):
        bit_rate = 600 if number % 4 == 3 else 100
        scene.add(
            carrier_hz=float(place_hz + scene.rng.uniform(-900, 900)),
            first_bit_s=float(scene.rng.uniform(0.1, seconds - 2.3)),
            snr_db=snr_db,
            bit_rate=bit_rate,
            shape=list(Shape)[number % 3],
        )
    return scene


def lost_of(scene: Scene) -> int:
    """Frames that are missing; a frame that nobody sent fails the test."""
    receiver = Receiver(rate_hz=scene.rate_hz, center_hz=0.0)
    events = receiver.feed(scene.samples, 0)
    assert receiver.candidates < MOST_CANDIDATES_PER_S * scene.seconds
    return len(missed(scene, events + receiver.flush()))


def test_thirty_carriers_that_drift_cost_only_what_they_cross() -> None:
    scene = scene_with_frames(snr_db=14.0)
    for place_hz in np.linspace(-90e3, 90e3, 30):
        drift = float(scene.rng.uniform(-300, 300))
        hostile_air.add_carrier(scene, float(place_hz) + 300, 50.0, drift_hz_per_s=drift)
    assert lost_of(scene) <= 5


@pytest.mark.parametrize(("spreading", "over_db"), [(7, 0.0), (10, 5.0), (12, 0.0)])
def test_chirps_as_strong_as_all_the_noise_cost_nothing(spreading: int, over_db: float) -> None:
    scene = scene_with_frames(snr_db=20.0)
    for first_s in (0.5, 2.0):
        hostile_air.add_lora(
            scene,
            spreading=spreading,
            centre_hz=float(scene.rng.uniform(-30e3, 30e3)),
            first_s=first_s,
            symbols=int(0.8 * hostile_air.LORA_BANDWIDTH_HZ / 2**spreading),
            over_db=over_db,
        )
    assert lost_of(scene) <= 1


@pytest.mark.parametrize(("over_db", "most_lost"), [(20.0, 0), (40.0, 2)])
def test_what_follows_strong_chirps_and_bursts_is_heard(over_db: float, most_lost: int) -> None:
    scene = Scene(4.6, seed=2)
    for spreading in (7, 9, 12):
        hostile_air.add_lora(
            scene,
            spreading=spreading,
            centre_hz=float(scene.rng.uniform(-30e3, 30e3)),
            first_s=0.2,
            symbols=int(1.5 * hostile_air.LORA_BANDWIDTH_HZ / 2**spreading),
            over_db=over_db,
        )
    hostile_air.add_noise_burst(scene, first_s=1.2, length_s=0.5, over_noise_db=over_db)
    for place_hz in np.linspace(-80e3, 80e3, 8):
        scene.add(carrier_hz=float(place_hz), first_bit_s=2.2)
    assert lost_of(scene) <= most_lost


def test_unequal_branches_and_a_dc_offset_make_no_frames() -> None:
    scene = scene_with_frames(snr_db=40.0)
    hostile_air.unequal_branches(scene, gain_db=1.0, degrees=5.0)
    scene.samples += np.complex64(0.05 - 0.02j)
    assert lost_of(scene) == 0


@pytest.mark.parametrize("overdriven_db", [0.0, 10.0, 20.0])
def test_eight_bits_that_overflow_are_enough_for_strong_frames(overdriven_db: float) -> None:
    scene = scene_with_frames(snr_db=40.0, seconds=3.0)
    hostile_air.eight_bits(scene, overdriven_db=overdriven_db)
    assert lost_of(scene) <= 1


def test_gaps_of_milliseconds_cost_only_what_they_hit() -> None:
    scene = scene_with_frames(snr_db=20.0)
    receiver = Receiver(rate_hz=scene.rate_hz, center_hz=0.0)
    events, at = [], 0
    for gap_from in np.arange(0.4, 4.0, 0.7):
        stop = int(gap_from * scene.rate_hz)
        events += receiver.feed(scene.samples[at:stop], at)
        at = stop + int(0.002 * scene.rate_hz)
    events += receiver.feed(scene.samples[at:], at) + receiver.flush()
    assert len(missed(scene, events)) <= 2


@pytest.mark.parametrize("drift_hz_per_s", [-45.0, 45.0])
def test_drift_of_45_hz_a_second_costs_nothing_at_13_db(drift_hz_per_s: float) -> None:
    scene = Scene(3.0, seed=4)
    for place_hz in np.linspace(-80e3, 80e3, 20):
        scene.add(
            carrier_hz=float(place_hz),
            first_bit_s=float(scene.rng.uniform(0.1, 0.7)),
            snr_db=13.0,
            drift_hz_per_s=drift_hz_per_s,
        )
    assert len(missed(scene, scene.receive(bit_rates=(100,)))) == 0


@pytest.mark.parametrize("doppler_hz", [1.0, 5.0])
def test_a_fixed_path_among_moving_ones_is_enough(doppler_hz: float) -> None:
    scene = scene_with_frames(snr_db=22.0, seed=5)
    silence = Scene(scene.seconds, seed=5).samples
    gain = hostile_air.fading(
        scene.rng, silence.size, scene.rate_hz, doppler_hz=doppler_hz, rice=4.0
    )
    scene.samples = silence + gain * (scene.samples - silence)
    assert lost_of(scene) <= 2


def test_an_oscillator_that_walks_at_random_is_followed() -> None:
    scene = scene_with_frames(snr_db=16.0, seed=6)
    scene.samples *= hostile_air.wandering(
        scene.rng, scene.samples.size, scene.rate_hz, hz_in_a_second=3.0
    )
    assert lost_of(scene) <= 1


@pytest.mark.parametrize("apart_hz", [300.0, 400.0, 1_000.0])
@pytest.mark.parametrize("shape", list(Shape))
def test_a_neighbour_30_db_stronger_whenever_it_comes_hides_nothing(
    apart_hz: float, shape: Shape
) -> None:
    scene = Scene(4.0, seed=7)
    for place_hz in np.linspace(-85e3, 85e3, 16):
        first_bit_s = float(scene.rng.uniform(0.5, 0.9))
        for offset_hz, snr_db in ((0.0, 12.0), (apart_hz, 42.0)):
            scene.add(
                carrier_hz=float(place_hz) + offset_hz,
                first_bit_s=first_bit_s,
                snr_db=snr_db,
                shape=shape,
                drift_hz_per_s=float(scene.rng.uniform(-20, 20)),
            )
            first_bit_s += float(scene.rng.uniform(-0.4, 0.4))
    assert missed(scene, scene.receive(bit_rates=(100,))) == []


def test_air_that_is_only_hostile_holds_no_frame() -> None:
    scene = Scene(3.0, seed=8)
    rng = scene.rng
    for _ in range(40):
        hostile_air.add_carrier(scene, float(rng.uniform(-96e3, 96e3)), float(rng.uniform(20, 60)))
    for spreading in range(7, 13):
        hostile_air.add_lora(
            scene,
            spreading=spreading,
            centre_hz=float(rng.uniform(-60e3, 60e3)),
            first_s=float(rng.uniform(0, 2)),
            symbols=int(hostile_air.LORA_BANDWIDTH_HZ / 2**spreading),
            over_db=float(rng.uniform(-10, 30)),
        )
    for start in rng.integers(0, scene.samples.size - 500, 150):
        scene.samples[start : start + 500] += 30 * white_noise(rng, 500, scene.rate_hz)
    hostile_air.unequal_branches(scene, gain_db=1.0, degrees=5.0)
    hostile_air.eight_bits(scene, overdriven_db=10.0)
    assert lost_of(scene) == 0
