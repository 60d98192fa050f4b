"""The radio of a device: downlinks out of noise, beside the frequency, whole and in part."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from radio.air.downlinks import DEVICE_RATE_HZ, OnAir
from radio.dsp.gfsk import gfsk_waveform
from radio.dsp.gfsk_receive import find_downlinks
from radio.dsp.waveform import Samples
from radio.sigfox.downlink import (
    Downlink,
    DownlinkFrame,
    decode_downlink,
    encode_downlink,
    verify_downlink,
)

NAK = bytes(range(16))
DOWNLINK = Downlink(0x004D33DB, 0x16B, bytes.fromhex("deadbeefdeadbeef"))
BITS = encode_downlink(DOWNLINK, NAK)
RATE_HZ = 250_000.0
WAVE = gfsk_waveform(BITS, rate_hz=RATE_HZ, carrier_hz=0.0)


def with_noise(samples: Samples, snr_db: float, rng: np.random.Generator) -> Samples:
    """Noise at both sides, too; SNR in 600 Hz."""
    whole = np.pad(samples, 500)
    power = 10 ** (-snr_db / 10) * DEVICE_RATE_HZ / 600
    parts = rng.standard_normal(2 * len(whole), np.float32) * np.float32(np.sqrt(power / 2))
    noisy: Samples = whole + parts.view(np.complex64)
    return noisy


def decoded(samples: Samples) -> list[DownlinkFrame]:
    found = [decode_downlink(one.bits, 0x004D33DB, 0x16B) for one in find_downlinks(samples, 9600)]
    return [one for one in found if isinstance(one, DownlinkFrame)]


@pytest.mark.parametrize("off_hz", [-150.0, 0.0, 70.0, 150.0])
def test_a_downlink_is_found_in_noise_and_a_little_beside_its_frequency(off_hz: float) -> None:
    rng = np.random.default_rng(1)
    on_air = OnAir(WAVE, RATE_HZ, 869.525e6, 0.0)
    for _ in range(20):
        (frame,) = decoded(with_noise(on_air.received(869.525e6 - off_hz), 13.0, rng))
        assert frame.downlink == DOWNLINK
        assert verify_downlink(frame, NAK)


@pytest.mark.parametrize("off_hz", [-6_000.0, -2_000.0, 2_000.0, 25_000.0, 1.395e6])
def test_at_another_frequency_it_is_not(off_hz: float) -> None:
    rng = np.random.default_rng(2)
    on_air = OnAir(WAVE, RATE_HZ, 869.525e6, 0.0)
    assert decoded(with_noise(on_air.received(869.525e6 - off_hz), 30.0, rng)) == []


def test_it_ends_when_its_last_bit_does() -> None:
    received = OnAir(WAVE, RATE_HZ, 0.0, 0.0).received(0.0)
    (found,) = find_downlinks(np.pad(received, 500), DEVICE_RATE_HZ)
    assert found.ends_s == pytest.approx(500 / DEVICE_RATE_HZ + 225 / 600, abs=3e-4)


def test_what_was_stopped_half_way_is_not_received() -> None:
    on_air = OnAir(WAVE, RATE_HZ, 0.0, 10.0)
    on_air.stopped_s = 10.3
    received = on_air.received(0.0)
    assert np.abs(received[: int(0.29 * DEVICE_RATE_HZ)]).mean() > 0.9
    assert np.abs(received[int(0.31 * DEVICE_RATE_HZ) :]).max() < 0.01
    assert decoded(np.pad(received, 500)) == []


def test_half_a_minute_of_noise_begins_like_no_downlink() -> None:
    rng = np.random.default_rng(3)
    noise = rng.standard_normal(2 * 30 * 9600, np.float32).view(np.complex64)
    assert len(find_downlinks(noise, DEVICE_RATE_HZ)) <= 2


@settings(max_examples=50)
@given(st.integers(0, 5_000), st.floats(0, 1e6), st.floats(9600 / 2, 20_000), st.integers(0, 99))
def test_any_samples_are_taken(count: int, size: float, rate_hz: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    samples = (size * rng.standard_normal(2 * count, np.float32)).astype(np.float32)
    for found in find_downlinks(samples.view(np.complex64), rate_hz):
        assert len(found.bits) == 32 + 120
