"""Several zones in one capture: each of their bands is watched, and every frame comes once."""

from __future__ import annotations

import numpy as np
import pytest

from radio.dsp.receiver import Receiver
from radio.dsp.report import Decoded, Undecoded
from radio.sigfox.zones import ZONES
from tests.simulators.scene import Scene, frames_of

MIDDLE_OF_RC1_AND_RC7_HZ = 868_465_000.0


def receive(scene: Scene, center_hz: float, *zones: str) -> list[Decoded | Undecoded]:
    receiver = Receiver(
        rate_hz=scene.rate_hz,
        center_hz=center_hz,
        bands_hz=tuple(ZONES[zone].band_hz for zone in zones),
    )
    return receiver.feed(scene.samples, 0) + receiver.flush()


def test_two_zones_far_apart_are_heard_and_what_lies_between_is_not() -> None:
    scene = Scene(2.5, rate_hz=1e6, seed=1)
    places_hz = {"RC1": -335e3 + 40e3, "RC7": 335e3 - 80e3, "between": 20e3}
    sent = {
        (place, bit_rate): scene.add(
            carrier_hz=carrier_hz + bit_rate, first_bit_s=0.2, bit_rate=bit_rate
        )
        for place, carrier_hz in places_hz.items()
        for bit_rate in (100, 600)
    }
    frames = frames_of(receive(scene, MIDDLE_OF_RC1_AND_RC7_HZ, "RC1", "RC7"))
    heard = {key: one.uplink.device_id for key, one in sent.items() if key[0] != "between"}
    assert {key[0] for key in frames} == set(heard.values())
    for (_, bit_rate), one in sent.items():
        frame = frames.get((one.uplink.device_id, one.rank))
        if frame is not None:
            assert frame.bit_rate == bit_rate
            expected_hz = MIDDLE_OF_RC1_AND_RC7_HZ + one.carrier_hz
            assert frame.frequency_hz == pytest.approx(expected_hz, abs=2.0)


def test_a_mirror_image_that_falls_into_the_other_zone_is_no_frame() -> None:
    scene = Scene(2.5, rate_hz=1e6, seed=2)
    for carrier_hz in (-300e3, 350e3):
        scene.add(carrier_hz=carrier_hz, first_bit_s=0.2, snr_db=45.0)
    # 1 dB and 5 degrees between the two branches put an image 23 dB below.
    unequal = 10 ** (1 / 20) * np.exp(1j * np.radians(5))
    scene.samples = (
        (1 + unequal) / 2 * scene.samples + (1 - unequal) / 2 * scene.samples.conj()
    ).astype(np.complex64)
    frames = frames_of(receive(scene, MIDDLE_OF_RC1_AND_RC7_HZ, "RC1", "RC7"))
    found_hz = sorted(frame.frequency_hz - MIDDLE_OF_RC1_AND_RC7_HZ for frame in frames.values())
    assert found_hz == pytest.approx([-300e3, 350e3], abs=2.0)


def test_a_frame_where_two_zones_overlap_comes_once() -> None:
    center_hz = 923_250_000.0
    scene = Scene(2.5, rate_hz=400e3, seed=3)
    sent = [
        scene.add(carrier_hz=carrier_hz, first_bit_s=0.2)
        for carrier_hz in (-140e3, -40e3, 0.0, 40e3, 140e3)
    ]
    frames = frames_of(receive(scene, center_hz, "RC5", "RC3"))
    assert {key[0] for key in frames} == {one.uplink.device_id for one in sent}


def test_a_zone_out_of_reach_is_refused_even_beside_one_within() -> None:
    with pytest.raises(ValueError, match="outside"):
        receive(Scene(0.1), ZONES["RC1"].uplink_center_hz, "RC1", "RC7")
