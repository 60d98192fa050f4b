"""The simulated air keeps the protocol and tells the truth about itself."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from radio.air.air import Air
from radio.air.device import AirError, Device, message, nak_of
from radio.air.hopping import carriers_hz
from radio.air.impairments import Impairments
from radio.dsp.modulate import Shape
from radio.sigfox.uplink import MessageType, UplinkFrame, decode_uplink, verify_uplink
from radio.sigfox.zones import FRAME_GAP_S, ZONES

RC1 = ZONES["RC1"]
RATE_HZ = 250_000.0


def sensor(**changes: object) -> Device:
    fields = {"device_id": 0x00C0FFEE, "bit_rate": 600, "snr_db": 20.0, "interval_s": 10.0}
    return Device(**{**fields, **changes})  # type: ignore[arg-type]


def test_a_message_is_three_replicas_half_a_second_apart() -> None:
    frames = message(sensor(frequency_error_ppm=5.0), RC1, seed=1, number=3)
    assert [frame.rank for frame in frames] == [1, 2, 3]
    for before, after in pairwise(frames):
        ended_s = before.burst.first_bit_s + len(before.burst.bits) * before.burst.symbol_s
        assert after.burst.first_bit_s - ended_s == pytest.approx(FRAME_GAP_S)
    assert len({frame.frequency_hz for frame in frames}) == 3


def test_every_frame_decodes_with_the_key_of_its_device() -> None:
    for payload_bytes in range(13):
        device = sensor(payload_bytes=payload_bytes)
        for sent in message(device, RC1, seed=payload_bytes, number=0):
            frame = decode_uplink(sent.burst.bits)
            assert isinstance(frame, UplinkFrame)
            assert (frame.uplink, frame.rank) == (sent.uplink, sent.rank)
            assert len(frame.uplink.payload) == payload_bytes
            assert verify_uplink(frame, nak_of(device.device_id))


def test_sequence_numbers_follow_one_another_and_roll_over() -> None:
    device = sensor(first_seq_number=126, roll_over=128)
    numbers = [message(device, RC1, 1, number)[0].uplink.seq_number for number in range(4)]
    assert numbers == [126, 127, 0, 1]


def test_devices_without_payload_send_empty_and_one_bit_messages() -> None:
    device = sensor(payload_bytes=0)
    kinds = {message(device, RC1, 1, number)[0].uplink.message_type for number in range(30)}
    assert kinds == {MessageType.EMPTY, MessageType.BIT_FALSE, MessageType.BIT_TRUE}


@pytest.mark.parametrize("name", list(ZONES))
@given(seed=st.integers(0, 10_000), bidirectional=st.booleans())
@settings(max_examples=30)
def test_carriers_keep_the_rules_of_their_zone(
    name: str, *, seed: int, bidirectional: bool
) -> None:
    zone = ZONES[name]
    low_hz, high_hz = zone.band_hz
    carriers = carriers_hz(zone, 3, np.random.default_rng(seed), bidirectional=bidirectional)
    assert all(low_hz + zone.guard_hz <= carrier <= high_hz - zone.guard_hz for carrier in carriers)
    if bidirectional:
        first = [zone.first_frame_hz(carrier, rank) for rank, carrier in enumerate(carriers, 1)]
        assert first == pytest.approx([carriers[0]] * 3)
    if name in {"RC2", "RC4"}:
        micro = [int((carrier - low_hz + 4_000) // 25_000) for carrier in carriers]
        assert len(set(micro)) == 3
        inside_hz = [(carrier - low_hz + 4_000) % 25_000 for carrier in carriers]
        assert all(2_000 <= place <= 23_000 for place in inside_hz)


def test_the_oscillator_moves_carrier_and_bit_clock_together() -> None:
    true_ = message(sensor(), RC1, 1, 0)
    fast = message(sensor(frequency_error_ppm=20.0), RC1, 1, 0)
    for one, other in zip(true_, fast, strict=True):
        assert other.frequency_hz - one.frequency_hz == pytest.approx(17_362, abs=3)
        assert one.burst.symbol_s / other.burst.symbol_s == pytest.approx(1.00002, abs=1e-9)


def test_any_stretches_put_together_are_the_same_air() -> None:
    air = Air([sensor(first_s=0.3)], zone=RC1, rate_hz=RATE_HZ, seed=5)
    whole = air.render(60_000, 30_000)
    again = Air([sensor(first_s=0.3)], zone=RC1, rate_hz=RATE_HZ, seed=5)
    late = again.render(80_000, 10_000)
    early = again.render(60_000, 20_000)
    np.testing.assert_allclose(np.concatenate((early, late)), whole, atol=1e-6)
    assert not np.array_equal(
        whole, Air([sensor(first_s=0.3)], zone=RC1, rate_hz=RATE_HZ, seed=6).render(60_000, 30_000)
    )


@pytest.mark.parametrize("shape", list(Shape))
def test_signal_to_noise_is_that_of_the_device(shape: Shape) -> None:
    device = sensor(snr_db=23.0, first_s=5.0, bit_rate=100, interval_s=20.0, shape=shape)
    quiet = Air([], zone=RC1, rate_hz=RATE_HZ)
    air = Air([device], zone=RC1, rate_hz=RATE_HZ)
    first, *_ = air.transmissions(0, 20)
    first_sample = int(first.burst.first_bit_s * RATE_HZ)
    count = int(len(first.burst.bits) * first.burst.symbol_s * RATE_HZ)
    noise = quiet.render(first_sample, count)
    signal = air.render(first_sample, count) - noise
    noise_db_per_hz = 10 * np.log10(np.mean(np.abs(noise) ** 2) / RATE_HZ)
    signal_db = 10 * np.log10(np.mean(np.abs(signal) ** 2))
    assert noise_db_per_hz == pytest.approx(-90, abs=0.05)
    assert signal_db - (noise_db_per_hz + 20) == pytest.approx(23, abs=0.1)


def test_the_truth_holds_every_frame_of_a_stretch_once() -> None:
    devices = [sensor(device_id=number, first_s=number / 3) for number in range(5)]
    air = Air(devices, zone=RC1, rate_hz=RATE_HZ)
    whole = air.transmissions(0, 60)
    starts = [frame.burst.first_bit_s for frame in whole]
    assert starts == sorted(starts)
    parts = [frame for begin in range(60) for frame in air.transmissions(begin, begin + 1)]
    key = {(frame.uplink.device_id, frame.uplink.seq_number, frame.rank) for frame in parts}
    assert len(key) == len(whole)
    assert len(whole) in range(5 * 3 * 5, 5 * 3 * 7 + 1)


def test_memory_does_not_grow_with_time() -> None:
    air = Air([sensor(bit_rate=100, interval_s=12.0)], zone=RC1, rate_hz=RATE_HZ)
    for hour in range(50):
        air.transmissions(3600.0 * hour, 3600.0 * hour + 1)
        assert len(air._messages) <= 3


@pytest.mark.parametrize(
    ("changes", "place"),
    [({"payload_bytes": 13}, "payload_bytes"), ({"interval_s": 1.0}, "interval_s")],
)
def test_impossible_devices_are_refused(changes: dict[str, float], place: str) -> None:
    with pytest.raises(AirError, match=place):
        sensor(**changes)


def test_impossible_airs_are_refused() -> None:
    with pytest.raises(AirError, match="do not hold RC1"):
        Air([], zone=RC1, rate_hz=190_000.0)
    with pytest.raises(AirError, match="RC2 has no 100 bps: 00c0ffee"):
        Air([sensor(bit_rate=100)], zone=ZONES["RC2"], rate_hz=RATE_HZ)


def test_impairments_leave_their_marks() -> None:
    turns = np.exp(2j * np.pi * 0.1 * np.arange(1_000)).astype(np.complex64) / 10
    faulty = Impairments(dc=0.2 + 0.1j, iq_gain_db=1.0, iq_phase_deg=5.0).apply(turns)
    spectrum = np.abs(np.fft.fft(faulty)) / 1_000
    assert spectrum[0] == pytest.approx(abs(0.2 + 0.1j), rel=1e-3)
    image_db = 20 * np.log10(spectrum[900] / spectrum[100])
    assert -28 < image_db < -20
    clipped = Impairments(gain_db=30.0, eight_bits=True).apply(turns)
    steps = (clipped.view(np.float32) * 128 + 127.5).astype(int)
    assert (steps.min(), steps.max()) == (0, 255)
