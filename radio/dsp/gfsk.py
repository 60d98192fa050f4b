"""Downlink frames to samples: GFSK as base stations send it."""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from radio.dsp.waveform import Samples, Times, ramps, turned
from radio.sigfox.bits import Bits

GFSK_LEAD_SYMBOLS: Final = 1
"""Symbols before the first bit: the power ramp."""
GFSK_DEVIATION_HZ: Final = 800.0
GFSK_BT: Final = 1.0
# The Gaussian of BT 1 is over within one symbol at each side of its bit.
_GAUSS_REACH_SYMBOLS: Final = 2
_GAUSS_GRID: Final = 4001


def gfsk_waveform(
    bits: Bits,
    *,
    rate_hz: float,
    carrier_hz: float,
    bit_rate: int = 600,
    deviation_hz: float = GFSK_DEVIATION_HZ,
    bt: float = GFSK_BT,
    start_s: float = 0.0,
) -> Samples:
    """A whole downlink frame with its ramps, at amplitude 1; a 1 bit is the higher frequency.

    Sample n is taken at n / rate_hz. The ramp begins at `start_s` and bit 0 `GFSK_LEAD_SYMBOLS`
    symbols later.
    """
    count = math.ceil((start_s + (len(bits) + 2) / bit_rate) * rate_hz)
    seconds = np.arange(count) / rate_hz
    at = (seconds - start_s) * bit_rate - GFSK_LEAD_SYMBOLS
    cycles = carrier_hz * seconds + deviation_hz / bit_rate * _gauss_phase(bits, at, bt)
    return ramps(at, 0, len(bits)).astype(np.float32) * turned(cycles)


def _gauss_phase(bits: Bits, at: Times, bt: float) -> Times:
    """Sum of all bits' phases, in units of the turn that one bit makes when it is over."""
    grid = np.linspace(-_GAUSS_REACH_SYMBOLS, 1 + _GAUSS_REACH_SYMBOLS, _GAUSS_GRID)
    pulse = np.array([_phase_pulse(float(place), bt) for place in grid])
    # The ramps hold the frequency of the bit next to them.
    pad = GFSK_LEAD_SYMBOLS + _GAUSS_REACH_SYMBOLS
    signs = np.pad(2.0 * bits - 1.0, pad, mode="edge")
    done = np.append(0.0, np.cumsum(signs))
    now = np.floor(at).astype(int) + pad
    phase = done[np.clip(now - _GAUSS_REACH_SYMBOLS, 0, len(signs))]
    for bit in (now + step for step in range(-_GAUSS_REACH_SYMBOLS, _GAUSS_REACH_SYMBOLS + 1)):
        sign = np.where((bit >= 0) & (bit < len(signs)), signs.take(bit, mode="clip"), 0)
        phase = phase + sign * np.interp(at - (bit - pad), grid, pulse)
    return np.asarray(phase)


def _phase_pulse(place: float, bt: float) -> float:
    """Phase of one bit that starts at 0, `place` symbols on: 0 long before, 1 long after."""
    narrow = math.pi * bt * math.sqrt(2 / math.log(2))

    def ramp(at: float) -> float:
        bell = math.exp(-((narrow * at) ** 2)) / (narrow * math.sqrt(math.pi))
        return (at * math.erf(narrow * at) + bell) / 2

    return 0.5 + ramp(place) - ramp(place - 1)
