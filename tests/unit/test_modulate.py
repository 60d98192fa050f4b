"""Waveforms, read back the way a textbook receiver would, and held against a real base station."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from radio.dsp.gfsk import GFSK_LEAD_SYMBOLS, gfsk_waveform
from radio.dsp.modulate import DBPSK_LEAD_SYMBOLS, DbpskBurst, Shape, dbpsk_waveform
from radio.dsp.waveform import Samples
from radio.sigfox.bits import Bits, bits_of

UPLINK = bits_of(bytes.fromhex("aaaaa0d200fb806638c0007f2e7979"))
DOWNLINK = bits_of(bytes.fromhex("2aaaaaaaaaaaaaaaaaaaaab227ca2ef52c827281a943a4a7ea76487c"))
CAPTURES = Path(__file__).parents[3] / "shared" / "reference" / "captures"
FIRST_BITS = st.integers(0, 2**32 - 1).map(
    lambda seed: np.random.default_rng(seed).integers(0, 2, 40, np.uint8)
)


def read_differentially(
    samples: Samples, rate_hz: float, carrier_hz: float, first_bit_s: float, symbol_s: float
) -> Bits:
    """Integrate the middle of each symbol, the reference first, and compare neighbours."""
    count = int((len(samples) / rate_hz - first_bit_s) / symbol_s)
    still = samples * np.exp(-2j * np.pi * carrier_hz * np.arange(len(samples)) / rate_hz)
    symbols = []
    for index in range(-1, count):
        middle = (first_bit_s + (index + 0.5) * symbol_s) * rate_hz
        reach = 0.2 * symbol_s * rate_hz
        symbols.append(still[math.ceil(middle - reach) : math.floor(middle + reach) + 1].mean())
    turned = np.array(symbols)
    return (np.real(turned[1:] * turned[:-1].conj()) > 0).astype(np.uint8)


@pytest.mark.parametrize("shape", list(Shape))
@pytest.mark.parametrize(
    ("bit_rate", "rate_hz"), [(100, 8_820.0), (100, 250_000.0), (600, 204_801.3)]
)
def test_bits_come_back_whatever_shape_and_rate(
    shape: Shape, bit_rate: int, rate_hz: float
) -> None:
    start_s, clock_ppm, carrier_hz = 0.3456 / rate_hz, 20.0, 1_234.5
    samples = dbpsk_waveform(
        UPLINK,
        bit_rate=bit_rate,
        rate_hz=rate_hz,
        carrier_hz=carrier_hz,
        drift_hz_per_s=bit_rate / 20,
        shape=shape,
        start_s=start_s,
        clock_ppm=clock_ppm,
    )
    assert samples.dtype == np.complex64
    symbol_s = 1 / bit_rate / (1 + 1e-6 * clock_ppm)
    first_bit_s = start_s + DBPSK_LEAD_SYMBOLS * symbol_s
    read = read_differentially(samples, rate_hz, carrier_hz, first_bit_s, symbol_s)
    assert np.array_equal(read[: len(UPLINK)], UPLINK)


@pytest.mark.parametrize("clock_ppm", [-20.0, 0.0, 20.0])
def test_a_zero_bit_turns_the_phase_at_the_start_of_its_symbol(clock_ppm: float) -> None:
    rate_hz, first_bit_s = 10_000.0, 0.123_45
    bits = np.array([*([1] * 100), 0], np.uint8)
    burst = DbpskBurst(
        bits=bits, bit_rate=100, first_bit_s=first_bit_s, carrier_hz=0.0, clock_ppm=clock_ppm
    )
    samples = burst.render(0.0, rate_hz, 20_000)
    (turned,) = np.flatnonzero(np.diff(np.sign(samples.real[1232:11400])))
    turn_s = (1232 + turned + 1) / rate_hz
    assert turn_s == pytest.approx(first_bit_s + 1.0 / (1 + 1e-6 * clock_ppm), abs=1 / rate_hz)


def test_power_ramps_stand_around_the_frame() -> None:
    burst = DbpskBurst(bits=UPLINK, bit_rate=100, first_bit_s=1.0, carrier_hz=50.0)
    power = np.abs(burst.render(0.9, 10_000.0, 15_000))
    times = 0.9 + np.arange(15_000) / 10_000
    assert (burst.begins_s, burst.ends_s) == (pytest.approx(0.98), pytest.approx(2.21))
    outside = (times < burst.begins_s) | (times > burst.ends_s)
    assert power[outside].max() == pytest.approx(0, abs=1e-6)
    inside = (times > 0.99) & (times < 2.2)
    assert power[inside].min() == pytest.approx(1, abs=1e-5)


def test_the_carrier_is_that_of_the_middle_and_drifts_straight() -> None:
    bits = np.ones(200, np.uint8)
    burst = DbpskBurst(
        bits=bits, bit_rate=100, first_bit_s=0.5, carrier_hz=1_000.0, drift_hz_per_s=30.0
    )
    rate_hz = 20_000.0
    samples = burst.render(0.5, rate_hz, 40_000)
    carrier_hz = np.angle(samples[1:] * samples[:-1].conj()) * rate_hz / (2 * np.pi)
    assert carrier_hz[:20].mean() == pytest.approx(970, abs=0.5)
    assert carrier_hz[19_990:20_010].mean() == pytest.approx(1_000, abs=0.5)
    assert carrier_hz[-20:].mean() == pytest.approx(1_030, abs=0.5)


@settings(max_examples=25)
@given(FIRST_BITS, st.sampled_from(list(Shape)), st.lists(st.integers(1, 700), max_size=8))
def test_stretches_put_together_are_the_whole(bits: Bits, shape: Shape, sizes: list[int]) -> None:
    # No edge falls on a sample, where rounding would decide its side.
    burst = DbpskBurst(
        bits=bits, bit_rate=600, first_bit_s=0.010_013, carrier_hz=321.0, shape=shape, amplitude=0.3
    )
    rate_hz, total = 10_000.0, sum(sizes)
    parts: list[Samples] = []
    for size in sizes:
        parts.append(burst.render(sum(map(len, parts)) / rate_hz, rate_hz, size))
    whole = burst.render(0.0, rate_hz, total)
    together = np.concatenate(parts) if parts else whole
    np.testing.assert_allclose(together, whole, atol=1e-5)


def discriminate(samples: Samples, rate_hz: float) -> NDArray[np.float64]:
    turned = np.angle(samples[1:].astype(complex) * samples[:-1].conj())
    return np.asarray(turned * rate_hz / (2 * np.pi))


@pytest.mark.parametrize("rate_hz", [48_000.0, 250_000.0])
def test_downlink_bits_are_the_sign_of_the_frequency(rate_hz: float) -> None:
    start_s = 0.2 / rate_hz
    samples = gfsk_waveform(DOWNLINK, rate_hz=rate_hz, carrier_hz=5_000.0, start_s=start_s)
    offset_hz = discriminate(samples, rate_hz) - 5_000.0
    middles = start_s + (np.arange(224) + GFSK_LEAD_SYMBOLS + 0.5) / 600
    at_middles = offset_hz[(middles * rate_hz).astype(int)]
    assert np.array_equal(at_middles > 0, DOWNLINK == 1)
    during = offset_hz[int(0.001 * rate_hz) : int(0.374 * rate_hz)]
    assert np.abs(during).max() == pytest.approx(800, abs=1)


@pytest.mark.skipif(not CAPTURES.is_dir(), reason="the captures are not ours to pass on")
def test_downlinks_have_the_frequency_of_a_real_base_station() -> None:
    # The discriminator's output for the last 15 bits of the synchronisation word and 33 more;
    # 0.114 is 800 Hz, the first symbol boundary lies 540 µs in.
    rate_hz = 300_300.0
    recording = CAPTURES / "renard_spec_downlink_section_freqdemod_300300Hz.f32"
    real_hz = np.fromfile(recording, "<f4") * (800 / 0.114)
    at_s = np.arange(len(real_hz)) / rate_hz + (GFSK_LEAD_SYMBOLS + 89) / 600 - 540e-6

    def ours_hz(bt: float) -> NDArray[np.float64]:
        made_hz = discriminate(
            gfsk_waveform(DOWNLINK, rate_hz=rate_hz, carrier_hz=0.0, bt=bt), rate_hz
        )
        return np.interp(at_s, (np.arange(len(made_hz)) + 0.5) / rate_hz, made_hz)

    def misfit(bt: float) -> float:
        return float(np.sum((real_hz - ours_hz(bt)) ** 2) / np.sum(real_hz**2))

    assert misfit(1.0) < 0.003
    assert misfit(0.8) > 0.004
    assert misfit(1.2) > 0.004
    shape = ours_hz(1.0) / 800
    assert float(real_hz @ shape / (shape @ shape)) == pytest.approx(800, abs=3)
