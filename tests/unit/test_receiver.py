"""The receiver: whole scenes of air in, frames out, compared with what was sent."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from radio.dsp.modulate import Shape
from radio.dsp.receiver import Receiver
from radio.dsp.report import Decoded
from tests.simulators.scene import Scene, frames_of, missed, pairs, white_noise


def spread(scene: Scene, count: int, **about: object) -> None:
    """`count` frames all over the band, 2 kHz apart at least, at random times."""
    places = np.linspace(-88e3, 88e3, count) + scene.rng.uniform(-800, 800, count)
    longest_s = 2.2 if about.get("bit_rate", 100) == 100 else 0.4
    for place in places:
        scene.add(
            carrier_hz=float(place),
            first_bit_s=float(scene.rng.uniform(0.1, scene.seconds - longest_s)),
            drift_hz_per_s=float(scene.rng.uniform(-30, 30)),
            payload_bytes=int(scene.rng.integers(0, 13)),
            **about,  # type: ignore[arg-type]
        )


@pytest.mark.parametrize("shape", list(Shape))
@pytest.mark.parametrize("bit_rate", [100, 600])
def test_ninety_nine_of_a_hundred_frames_come_through_at_12_db(shape: Shape, bit_rate: int) -> None:
    lost = total = 0
    for seed in range(3):
        scene = Scene(6.0 if bit_rate == 100 else 2.0, seed=seed)
        spread(scene, 40, shape=shape, bit_rate=bit_rate, clock_ppm=(-20, 0, 20)[seed])
        lost += len(missed(scene, scene.receive(bit_rates=(bit_rate,))))
        total += len(scene.sent)
    assert lost <= total // 100


def test_time_frequency_drift_and_level_are_measured() -> None:
    scene = Scene(6.0, seed=1)
    spread(scene, 40, snr_db=10.0)
    late_ms, high_hz, steeper, louder_db = [], [], [], []
    for sent, decoded in pairs(scene, scene.receive(bit_rates=(100,))):
        if decoded is not None:
            late_ms.append(1e3 * (decoded.start_s - sent.first_bit_s))
            high_hz.append(decoded.frequency_hz - sent.carrier_hz)
            steeper.append(decoded.drift_hz_per_s - sent.drift_hz_per_s)
            louder_db.append(decoded.snr_db - sent.snr_db)
    assert len(late_ms) >= 39
    assert np.sqrt(np.mean(np.square(late_ms))) < 0.5
    assert np.sqrt(np.mean(np.square(high_hz))) < 0.3
    assert np.sqrt(np.mean(np.square(steeper))) < 0.5
    assert abs(np.mean(louder_db)) < 0.5
    assert np.std(louder_db) < 0.7


@pytest.mark.parametrize("apart_hz", [25_000.0, 5_000.0, 1_000.0])
@pytest.mark.parametrize("shape", list(Shape))
def test_a_neighbour_30_db_stronger_hides_nothing(apart_hz: float, shape: Shape) -> None:
    lost = 0
    for seed in range(6):
        scene = Scene(4.0, seed=seed)
        place = float(scene.rng.uniform(-60e3, 60e3))
        for offset_hz, snr_db in ((0.0, 12.0), (apart_hz, 42.0)):
            scene.add(
                carrier_hz=place + offset_hz,
                first_bit_s=float(scene.rng.uniform(0.3, 1.2)),
                snr_db=snr_db,
                shape=shape,
                drift_hz_per_s=float(scene.rng.uniform(-5, 5)),
            )
        lost += len(missed(scene, scene.receive(bit_rates=(100,))))
    assert lost == 0


def test_twenty_at_once_of_both_bit_rates() -> None:
    scene = Scene(4.0, seed=3)
    places = np.linspace(-85e3, 85e3, 39)
    for place in places[::2]:
        scene.add(
            carrier_hz=float(place), first_bit_s=float(scene.rng.uniform(0.5, 0.9)), snr_db=20.0
        )
    for place in places[1::4]:
        scene.add(
            carrier_hz=float(place),
            first_bit_s=float(scene.rng.uniform(0.5, 2.5)),
            snr_db=20.0,
            bit_rate=600,
        )
    assert missed(scene, scene.receive()) == []


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_ten_minutes_of_noise_hold_no_frame() -> None:
    rng = np.random.default_rng(5)
    receiver = Receiver(rate_hz=250e3, center_hz=0.0)
    decoded = 0
    for second in range(600):
        events = receiver.feed(white_noise(rng, 250_000, 250e3), second * 250_000)
        decoded += sum(isinstance(event, Decoded) for event in events)
    assert decoded == 0
    assert receiver.noise_dbfs_per_hz == pytest.approx(-93.98, abs=0.2)


def cheap_dongle(scene: Scene, gain: float) -> None:
    """Eight bits, a DC spike and a mirror image 30 dB down."""
    faulty = gain * (scene.samples + 0.03 * scene.samples.conj()) + (0.05 - 0.02j)
    parts = np.clip(np.rint(faulty.view(np.float32) * 127.5 + 127.5), 0, 255)
    scene.samples = ((parts - 127.5) / 127.5).astype(np.float32).view(np.complex64)


@pytest.mark.parametrize("gain", [1.0, 40.0], ids=["fits", "clips"])
def test_a_cheap_dongle_stops_nothing_and_its_mirror_images_are_no_frames(gain: float) -> None:
    scene = Scene(5.0, seed=6)
    spread(scene, 8, snr_db=40.0)
    cheap_dongle(scene, gain)
    assert missed(scene, scene.receive()) == []


def test_carriers_and_their_side_bands_stop_nothing() -> None:
    scene = Scene(5.0, seed=7)
    spread(scene, 12)
    t = np.arange(scene.samples.size) / scene.rate_hz
    for offset_hz in (0.0, 50.0, 12_345.6):
        scene.samples += (0.03 * np.exp(2j * np.pi * offset_hz * t)).astype(np.complex64)
    assert len(missed(scene, scene.receive())) <= 1


def test_an_oscillator_that_wanders_is_followed() -> None:
    scene = Scene(6.0, seed=10)
    spread(scene, 16, snr_db=18.0)
    # 7 Hz in a second, some 10 Hz in a frame, never twice the same way.
    steps_hz = scene.rng.normal(0, 7 / np.sqrt(scene.rate_hz), scene.samples.size)
    turns = np.cumsum(np.cumsum(steps_hz)) / scene.rate_hz
    scene.samples *= np.exp(2j * np.pi * turns).astype(np.complex64)
    assert len(missed(scene, scene.receive(bit_rates=(100,)))) == 0


@pytest.mark.parametrize("rate_hz", [200e3, 225_001.0, 300_300.0, 1e6])
def test_any_sample_rate_from_200_khz_will_do(rate_hz: float) -> None:
    scene = Scene(4.0, rate_hz=rate_hz, seed=8)
    spread(scene, 8)
    scene.add(carrier_hz=50_500.0, first_bit_s=1.0, bit_rate=600)
    assert missed(scene, scene.receive()) == []


def test_how_samples_are_cut_into_chunks_never_matters() -> None:
    scene = Scene(3.0, seed=9)
    spread(scene, 6, snr_db=9.0)
    whole = scene.receive(chunk=scene.samples.size)
    for chunk in (997, 65_536):
        assert scene.receive(chunk=chunk) == whole


def test_lost_samples_shift_nothing_and_cost_only_what_they_hit() -> None:
    scene = Scene(8.0, seed=10)
    for first_bit_s in (0.2, 2.6, 5.0):
        scene.add(carrier_hz=10_000.0, first_bit_s=first_bit_s)
    receiver = Receiver(rate_hz=scene.rate_hz, center_hz=0.0, bit_rates=(100,))
    lost_from, lost_to = int(3.0 * scene.rate_hz), int(3.9 * scene.rate_hz)
    events = receiver.feed(scene.samples[:lost_from], 0)
    events += receiver.feed(scene.samples[lost_to:], lost_to)
    frames = frames_of(events + receiver.flush())
    first, _, last = scene.sent
    for sent in (first, last):
        decoded = frames[sent.uplink.device_id, sent.rank]
        assert decoded.start_s == pytest.approx(sent.first_bit_s, abs=1e-3)


def test_a_gap_of_minutes_begins_anew_with_right_times() -> None:
    scene = Scene(3.0, seed=11)
    sent = scene.add(carrier_hz=-20_000.0, first_bit_s=0.3)
    receiver = Receiver(rate_hz=scene.rate_hz, center_hz=868e6, bit_rates=(100,))
    later = int(300 * scene.rate_hz)
    events = receiver.feed(scene.samples[:1000], 0) + receiver.feed(scene.samples, later)
    (decoded,) = frames_of(events + receiver.flush()).values()
    assert decoded.start_s == pytest.approx(300 + sent.first_bit_s, abs=1e-3)
    assert decoded.frequency_hz == pytest.approx(868e6 - 20_000.0, abs=1.0)


def test_only_the_band_asked_for_is_watched() -> None:
    scene = Scene(3.0, seed=12)
    inside = scene.add(carrier_hz=30_000.0, first_bit_s=0.3)
    scene.add(carrier_hz=-60_000.0, first_bit_s=0.3)
    receiver = Receiver(rate_hz=250e3, center_hz=868e6, bands_hz=((868e6, 868e6 + 96e3),))
    events = receiver.feed(scene.samples, 0) + receiver.flush()
    assert [key[0] for key in frames_of(events)] == [inside.uplink.device_id]
    with pytest.raises(ValueError, match="outside"):
        Receiver(rate_hz=250e3, center_hz=868e6, bands_hz=((902e6, 903e6),))


@pytest.mark.parametrize("low_hz", [-110e3, 1e3])
def test_a_band_on_one_side_of_the_centre_is_watched(low_hz: float) -> None:
    scene = Scene(3.0, seed=16)
    sent = scene.add(carrier_hz=low_hz + 30_000.0, first_bit_s=0.3)
    receiver = Receiver(rate_hz=250e3, center_hz=0.0, bands_hz=((low_hz, low_hz + 90e3),))
    events = receiver.feed(scene.samples, 0) + receiver.flush()
    assert [key[0] for key in frames_of(events)] == [sent.uplink.device_id]


@pytest.mark.parametrize("width_hz", [1.0, 100.0, 500.0, 5_000.0])
@pytest.mark.parametrize("edge", [-1, 1])
def test_a_corner_of_the_band_is_better_than_nothing(width_hz: float, edge: int) -> None:
    scene = Scene(3.0, rate_hz=200e3, seed=17)
    sent = scene.add(carrier_hz=edge * (100e3 - 2_500.0), first_bit_s=0.3, snr_db=20.0)
    corner = sorted((edge * (100e3 - width_hz), edge * 300e3))
    receiver = Receiver(rate_hz=200e3, center_hz=0.0, bands_hz=((corner[0], corner[1]),))
    events = receiver.feed(scene.samples, 0) + receiver.flush()
    wanted = [sent.uplink.device_id] if width_hz == 5_000.0 else []
    assert [key[0] for key in frames_of(events)] == wanted


HOSTILE = st.sampled_from([0.0, 1.0, -1.0, 1e30, -1e30, 1e-40, np.nan, np.inf, -np.inf])


@settings(max_examples=10)
@given(
    st.lists(st.tuples(HOSTILE, st.integers(0, 200_000)), max_size=8),
    st.lists(st.integers(1, 60_000), min_size=1, max_size=6),
    st.integers(0, 2**32 - 1),
)
def test_no_samples_whatever_raise_or_stop_what_follows(
    spoilt: list[tuple[float, int]], gaps: list[int], seed: int
) -> None:
    scene = Scene(3.0, seed=seed % 1000)
    sent = scene.add(carrier_hz=40_000.0, first_bit_s=0.5, snr_db=20.0)
    hostile = white_noise(np.random.default_rng(seed), 200_001, 250e3)
    for value, at in spoilt:
        hostile[at : at + 5_000] = value
    receiver = Receiver(rate_hz=250e3, center_hz=0.0)
    at = 0
    for gap in gaps:
        receiver.feed(hostile[: 200_001 // len(gaps)], at)
        at += 200_001 // len(gaps) + gap
    events = receiver.feed(scene.samples, at + 300_000) + receiver.flush()
    assert (sent.uplink.device_id, sent.rank) in frames_of(events)
