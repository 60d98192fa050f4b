"""The decoder's heartbeat: at its place and level, known again, and nobody else's business."""

from __future__ import annotations

import numpy as np
import pytest

from radio.dsp.patience import given_up_after_s
from radio.dsp.receiver import Receiver
from radio.dsp.report import Decoded, Undecoded
from radio.heartbeat import RATE_OVER_S, Heartbeat, HeartbeatRate, Place, places_of
from radio.sigfox.zones import ZONES
from tests.simulators.scene import NOISE_PER_HZ, Samples, Scene, white_noise

RATE_HZ = 250e3
RC1 = ZONES["RC1"]
CENTER_HZ = float(RC1.uplink_center_hz)
NOISE_DB = float(10 * np.log10(NOISE_PER_HZ))
BLOCK = 4096


class Rig:
    """A receiver with a heartbeat every twenty seconds, fed with noise and what a test adds."""

    def __init__(
        self, place: Place, snr_db: float, *, sensing_s: float = 0.0, spoilt: bool = False
    ) -> None:
        self.rate = HeartbeatRate()
        self.heartbeat = Heartbeat(
            [place], self.rate, rate_hz=RATE_HZ, center_hz=CENTER_HZ, every_s=20.0, snr_db=snr_db,
            rng=np.random.default_rng(3), sensing_s=sensing_s,
        )  # fmt: skip
        self.receiver = Receiver(
            rate_hz=RATE_HZ, center_hz=CENTER_HZ, bit_rates=(place.bit_rate,),
            bands_hz=(RC1.band_hz,), sensing_s=sensing_s,
        )  # fmt: skip
        self.raw: list[Decoded | Undecoded] = []
        self.told: list[Decoded | Undecoded] = []
        self.at = 0
        self.bit, self.spoilt = int(RATE_HZ / place.bit_rate), spoilt
        self.begun: int | None = None

    def hear(self, samples: Samples) -> None:
        for begin in range(0, samples.size, BLOCK):
            block = samples[begin : begin + BLOCK]
            mixed = self.heartbeat.add_to(block, self.at, lambda _frequency_hz: NOISE_DB)
            if self.spoilt:
                mixed = self.spoil(mixed, mixed - block)
            found = self.receiver.feed(mixed, self.at)
            self.at += block.size
            self.raw += found
            now_s = self.at / RATE_HZ
            self.told += self.heartbeat.sift(found, now_s, now_s)

    def spoil(self, mixed: Samples, added: Samples) -> Samples:
        """Turn pieces of each heartbeat over, all after its header."""
        if not added.any():
            self.begun = None
            return mixed
        if self.begun is None:
            self.begun = self.at + int(np.flatnonzero(added)[0])
        since = (np.arange(mixed.size) + self.at - self.begun) // self.bit
        return np.where((since > 60) & (since % 12 < 5), -mixed, mixed)


def noise(seconds: float, seed: int = 1) -> Samples:
    return white_noise(np.random.default_rng(seed), int(seconds * RATE_HZ), RATE_HZ)


@pytest.mark.parametrize(
    "place", [Place(RC1.band_hz[0] + 700.0, 100), Place(RC1.band_hz[1] - 2500.0, 600)]
)
def test_it_decodes_at_its_level_and_place_and_nobody_hears_of_it(place: Place) -> None:
    rig = Rig(place, snr_db=8.0)
    rig.hear(noise(34.0))
    decoded = [event for event in rig.raw if isinstance(event, Decoded)]
    assert rig.rate.last_hour() == (2, 2)
    assert len(decoded) == 2
    for event in decoded:
        assert event.snr_db == pytest.approx(8.0, abs=1.5)
        assert event.frequency_hz == pytest.approx(place.frequency_hz, abs=60.0)
    assert not [event for event in rig.told if isinstance(event, Decoded)]
    packets = {event.frame.packet for event in decoded}
    assert len(packets) == 2


def test_a_deaf_receiver_shows_in_the_rate_and_not_in_the_rejected() -> None:
    rig = Rig(Place(RC1.band_hz[0] + 700.0, 100), snr_db=8.0)
    rig.hear(noise(9.0))
    rig.hear(3.0 * noise(22.0, seed=2))
    injected, decoded = rig.rate.last_hour()
    assert (injected, decoded) == (1, 0)
    near = [e for e in rig.told if abs(e.frequency_hz - RC1.band_hz[0] - 700.0) < 60.0]
    assert not [e for e in near if isinstance(e, Undecoded) and e.snr_db > 3.0]


@pytest.mark.parametrize("sensing_s", [0.0, 8.0])
def test_one_that_the_receiver_gives_up_late_is_still_nobodys_burst(sensing_s: float) -> None:
    place = Place(RC1.band_hz[0] + 700.0, 100)
    rig = Rig(place, snr_db=15.0, sensing_s=sensing_s, spoilt=True)
    rig.hear(noise(10.0 + given_up_after_s(100, sensing_s) + 3.0))

    def ours(events: list[Decoded | Undecoded]) -> list[Decoded | Undecoded]:
        near = [e for e in events if abs(e.frequency_hz - place.frequency_hz) < 60.0]
        return [e for e in near if isinstance(e, Undecoded) and e.snr_db > 10.0]

    assert len(ours(rig.raw)) == 1
    assert ours(rig.told) == []
    assert rig.rate.last_hour()[1] == 0


def test_real_frames_beside_it_are_told_as_ever() -> None:
    scene = Scene(24.0, seed=5)
    for begin in range(9, 20, 3):
        scene.add(carrier_hz=-93_000.0, first_bit_s=float(begin), snr_db=20.0)
    rig = Rig(Place(RC1.band_hz[0] + 700.0, 100), snr_db=8.0)
    rig.hear(scene.samples)
    told = {event.frame.uplink for event in rig.told if isinstance(event, Decoded)}
    assert told == {sent.uplink for sent in scene.sent}
    assert rig.rate.injected >= 1


def test_the_samples_of_the_front_end_are_never_changed() -> None:
    rig = Rig(Place(RC1.band_hz[0] + 700.0, 100), snr_db=30.0)
    samples = noise(14.0)
    before = samples.copy()
    rig.hear(samples)
    assert np.array_equal(samples, before)


def test_without_a_known_noise_there_is_none() -> None:
    rig = Rig(Place(RC1.band_hz[0] + 700.0, 100), snr_db=8.0)
    for number in range(2000):
        block = np.zeros(BLOCK, np.complex64)
        assert rig.heartbeat.add_to(block, number * BLOCK, lambda _hz: None) is block


def test_places_lie_at_an_edge_that_no_other_zone_has() -> None:
    rc1, rc7 = places_of([RC1, ZONES["RC7"]], (100, 600))
    assert (rc1.frequency_hz, rc1.bit_rate) == (868_034_700.0, 100)
    assert rc7.frequency_hz == 868_704_700.0
    rc3, rc5 = places_of([ZONES["RC3"], ZONES["RC5"]], (100, 600))
    assert (rc3.frequency_hz, rc5.frequency_hz) == (923_104_700.0, 923_395_300.0)
    assert places_of([ZONES["RC2"]], (600,)) == [Place(902_106_500.0, 600)]
    assert places_of([RC1], (600,))[0].bit_rate == 600


def test_the_rate_is_that_of_the_last_hour() -> None:
    rate = HeartbeatRate()
    for minute in range(120):
        rate.note(60.0 * minute, decoded=minute >= 100)
    injected, decoded = rate.last_hour()
    assert (rate.injected, rate.decoded) == (120, 20)
    assert (injected, decoded) == (RATE_OVER_S // 60 + 1, 20)
