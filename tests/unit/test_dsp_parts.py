"""The parts of the receiver, each against arithmetic that a reader can follow."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from radio.dsp.acquire import refine_carrier
from radio.dsp.baseband import slice_baseband
from radio.dsp.blocks import BlockTransform
from radio.dsp.cancel import Known, cancel
from radio.dsp.carrier import follow_phase
from radio.dsp.decide import decide
from radio.dsp.detect import Candidate, Candidates
from radio.dsp.modulate import DbpskBurst, Shape
from radio.dsp.patterns import states_of
from radio.dsp.spectra import Grid, SpectraStore, fast_size
from radio.sigfox.frame_type import FRAME_CLASSES, ClassName, FrameTypeMatch
from radio.sigfox.rejected import Reason, Rejected
from radio.sigfox.uplink import MessageType, Uplink, UplinkFrame, encode_uplink

NAK = bytes(range(16))
ODDS = 4 * 10**0.5  # of a state's sign at 5 dB and amplitude 1
UPLINK = Uplink(0x0123ABCD, 77, bytes(range(12)), MessageType.BYTES)


def store_of(samples: np.ndarray, rate_hz: float = 250e3, bit_rate: int = 100) -> SpectraStore:
    grid = Grid.cover(rate_hz, bit_rate, -rate_hz / 2, rate_hz / 2)
    store = SpectraStore(grid, capacity=200)
    store.append(BlockTransform(grid).take(samples.astype(np.complex64)))
    return store


@given(st.integers(1_000, 3_000_000))
def test_fast_sizes_are_near_and_have_small_factors(wanted: int) -> None:
    size = fast_size(wanted)
    assert abs(size - wanted) <= 0.02 * wanted
    for prime in (2, 3, 5, 7, 11):
        while size % prime == 0:
            size //= prime
    assert size == 1


@pytest.mark.parametrize("carrier_hz", [-60_012.5, -7.0, 0.0, 12.5, 31_111.1])
@pytest.mark.parametrize(("rate_hz", "bit_rate"), [(250e3, 100), (225_001.0, 100), (250e3, 600)])
def test_a_tone_keeps_amplitude_frequency_and_phase_when_cut_out(
    carrier_hz: float, rate_hz: float, bit_rate: int
) -> None:
    t = np.arange(int(rate_hz)) / rate_hz
    store = store_of(0.5 * np.exp(2j * np.pi * carrier_hz * t), rate_hz, bit_rate)
    position = round(store.grid.position(carrier_hz))
    cut = slice_baseband(store, start=0.3 * rate_hz, stop=0.7 * rate_hz, position=position)
    at_s = (cut.start + np.arange(cut.samples.size) * rate_hz / cut.rate_hz) / rate_hz
    expected = 0.5 * np.exp(2j * np.pi * (carrier_hz * at_s - cut.frequency_hz * at_s))
    inside = (at_s > 0.32) & (at_s < 0.68)
    # The cut turns with the phase of its own centre at sample 0: none.
    assert np.allclose(cut.samples[inside], expected[inside], atol=5e-3)


@given(st.floats(-0.02, 0.02), st.floats(-2e-3, 2e-3), st.integers(0, 2**32 - 1), st.floats(5, 40))
def test_the_carrier_is_found_without_knowing_a_bit(
    frequency: float, drift: float, seed: int, snr_db: float
) -> None:
    rng = np.random.default_rng(seed)
    t = np.arange(209.0) - 10
    phase = 2 * np.pi * (frequency * t + 0.5 * drift * t * t) + rng.uniform(0, 6.28)
    noise = rng.standard_normal((2, t.size)) * np.sqrt(0.5 * 10 ** (-snr_db / 10))
    symbols = rng.choice([-1, 1], t.size) * np.exp(1j * phase) + noise[0] + 1j * noise[1]
    carrier = refine_carrier(symbols, 100)
    rest = symbols * np.exp(-1j * carrier.phase(np.arange(209.0)))
    coherent = rest * np.exp(-1j * follow_phase(rest))
    # All of the power is in phase: nothing of the carrier is left.
    assert np.mean(coherent.real**2) > 6 * np.mean(coherent.imag**2) or snr_db < 12
    assert np.mean(coherent.real**2) > np.mean(coherent.imag**2)


def kind_of(rank: int) -> FrameTypeMatch:
    return FrameTypeMatch(FRAME_CLASSES[ClassName.E], rank, 0)


def soft_states(rank: int = 1) -> np.ndarray:
    return states_of(encode_uplink(UPLINK, NAK, rank)).astype(float)


@pytest.mark.parametrize("rank", [1, 2, 3])
@pytest.mark.parametrize("count", [0, 1, 2, 3])
def test_up_to_three_doubtful_states_are_turned_back(rank: int, count: int) -> None:
    soft = soft_states(rank)
    rng = np.random.default_rng(count)
    soft += 0.1 * rng.standard_normal(soft.size)
    for at in rng.choice(np.arange(40, soft.size), count, replace=False):
        soft[at] *= -0.1
    result, bits = decide(soft, ODDS, kind_of(rank))
    assert isinstance(result, UplinkFrame)
    assert result.uplink == UPLINK
    assert np.array_equal(bits, encode_uplink(UPLINK, NAK, rank))


def test_states_that_are_certain_are_never_turned() -> None:
    soft = soft_states()
    soft[100] *= -1
    soft[[50, 60, 70, 80, 90, 110, 120, 130, 140, 150, 160, 170]] *= 0.5
    result, _ = decide(soft, ODDS, kind_of(1))
    assert result == Rejected(Reason.CRC)


def test_what_is_unlikely_to_have_been_wrong_is_not_turned() -> None:
    soft = soft_states()
    soft[[60, 90]] *= -0.2
    assert isinstance(decide(soft, ODDS, kind_of(1))[0], UplinkFrame)
    assert decide(soft, 40.0, kind_of(1))[0] == Rejected(Reason.CRC)


def test_noise_is_not_repaired_into_a_frame() -> None:
    rng = np.random.default_rng(1)
    head = soft_states()[:33] * 3
    for _ in range(3000):
        result, _ = decide(np.concatenate((head, rng.standard_normal(176))), 1.0, kind_of(1))
        assert isinstance(result, Rejected)


@pytest.mark.parametrize("shape", list(Shape))
def test_a_cancelled_frame_leaves_nothing_worth_mentioning(shape: Shape) -> None:
    rate_hz, carrier_hz, first_bit_s = 250e3, 20_003.0, 0.5
    bits = encode_uplink(UPLINK, NAK, 1)
    burst = DbpskBurst(
        bits=bits, bit_rate=100, first_bit_s=first_bit_s, carrier_hz=carrier_hz, shape=shape
    )
    store = store_of(burst.render(0.0, rate_hz, int(3.2 * rate_hz)))
    before = np.square(np.abs(store.rows(0, store.end))).sum()
    position = round(store.grid.position(carrier_hz))
    states = states_of(bits)
    middle_s = first_bit_s + (np.arange(states.size) - 0.5) / 100
    offset_hz = carrier_hz - store.grid.frequency_hz(position)
    cancel(
        store,
        Known(
            start=(first_bit_s - 0.01) * rate_hz,
            symbol_samples=2500.0,
            states=states,
            phase=2 * np.pi * offset_hz * middle_s,
            frequency_hz=store.grid.frequency_hz(position),
            noise_per_hz=1e-8,
            snr=1e6,
        ),
    )
    left = np.square(np.abs(store.rows(0, store.end))).sum()
    # The power ramps, one symbol at each end, belong to no state and may stay.
    assert left < 0.02 * before


def test_of_candidates_for_one_preamble_the_strongest_stays() -> None:
    found = [
        Candidate(10, 500.1, 90.0), Candidate(11, 501.4, 80.0), Candidate(10, 600, 70.0),
        Candidate(40, 500.1, 60.0), Candidate(13, 499.1, 50.0),
    ]  # fmt: skip
    assert list(Candidates.of(found).thinned()) == [found[0], found[2], found[3]]
    assert list(Candidates.of(()).thinned()) == []
