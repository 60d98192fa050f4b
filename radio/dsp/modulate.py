"""Uplink frames to samples: DBPSK as devices send it.

A burst is a function of time, evaluated where the samples fall: any sample rate, any start between
two samples, any stretch of it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from radio.dsp.waveform import Samples, Times, ramps, turned
from radio.sigfox.bits import Bits

DBPSK_LEAD_SYMBOLS: Final = 2
"""Symbols of an uplink before its first bit: the power ramp and the reference symbol."""
_S2LP_STEPS: Final = 40
# Places in a symbol that are told apart: 2.4 µs at 100 bps, and quick to find.
_GRID: Final = 4096
# Measured on the published capture of a real device: straight through zero within ±0.38 symbols.
_SMOOTH_HALF_SYMBOLS: Final = 0.38


class Shape(StrEnum):
    """How a device turns the phase at a 0 bit."""

    RECT = "rect"
    """At once, at full power."""
    SMOOTH = "smooth"
    """Straight through zero in three quarters of a symbol."""
    S2LP = "s2lp"
    """Power down and up again over a whole symbol in 40 steps, as a common radio chip does."""


# Mean square of the way through zero, over one symbol.
_POWER_OF_A_TURN: Final = {
    Shape.RECT: 1.0,
    Shape.SMOOTH: 1 - 4 / 3 * _SMOOTH_HALF_SYMBOLS,
    Shape.S2LP: 0.5,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class DbpskBurst:
    """One uplink frame on the air, to be rendered in any stretches.

    A 0 bit turns the phase by half a turn at the start of its symbol, a 1 bit keeps it. A power
    ramp and a reference symbol come before the first bit, a ramp after the last.

    Attributes:
        bits: Shape (n,), 0 or 1.
        bit_rate: Nominal bits per second.
        first_bit_s: When the symbol of bit 0 (the first of the preamble) begins, on the time axis
            of the samples.
        carrier_hz: Carrier at the middle of the bits, from 0 Hz of the samples.
        drift_hz_per_s: Straight drift of the carrier.
        shape: How the phase turns.
        clock_ppm: Error of the device's bit clock; + is faster.
        amplitude: Full scale is 1.
        phase_rad: Of the carrier at `first_bit_s`.
    """

    bits: Bits
    bit_rate: int
    first_bit_s: float
    carrier_hz: float
    drift_hz_per_s: float = 0.0
    shape: Shape = Shape.RECT
    clock_ppm: float = 0.0
    amplitude: float = 1.0
    phase_rad: float = 0.0

    @property
    def symbol_s(self) -> float:
        """Length of one symbol as this device makes it."""
        return 1 / (self.bit_rate * (1 + 1e-6 * self.clock_ppm))

    @property
    def begins_s(self) -> float:
        """Start of the power ramp."""
        return self.first_bit_s - DBPSK_LEAD_SYMBOLS * self.symbol_s

    @property
    def ends_s(self) -> float:
        """End of the power ramp; the last bit ends one symbol earlier."""
        return self.first_bit_s + (len(self.bits) + 1) * self.symbol_s

    @property
    def mean_power(self) -> float:
        """Over all bits, at amplitude 1; what turning the phase costs is missing."""
        zeros = 1 - float(self.bits.mean())
        return 1 - zeros * (1 - _POWER_OF_A_TURN[self.shape])

    def render(self, first_s: float, rate_hz: float, count: int) -> Samples:
        """`count` samples of it, the first at `first_s`; zeros before and after the burst."""
        if count == 0:
            return np.empty(0, np.complex64)
        seconds = (first_s - self.first_bit_s) + np.arange(count) / rate_hz
        middle_s = len(self.bits) * self.symbol_s / 2
        cycles = seconds * (
            self.carrier_hz + self.drift_hz_per_s * (seconds / 2 - middle_s)
        ) + self.phase_rad / (2 * math.pi)
        return self.amplitude * self._baseband(seconds / self.symbol_s) * turned(cycles)

    def _baseband(self, at: Times) -> NDArray[np.float32]:
        """The real waveform `at` symbols after the start of the first bit's symbol."""
        signs = np.cumsum(1 - self.bits.astype(np.int64)) % 2
        # The ramps keep the phase of their neighbours.
        signs = np.concatenate(([0, 0], signs, signs[-1:]))
        passages = (2 * signs[:-1] + signs[1:]) * _GRID
        place = ((at + 1.5) * _GRID).astype(np.int64)
        edge = np.clip(place // _GRID, 0, len(passages) - 1)
        waveform = _passages(self.shape)[passages[edge] + place % _GRID]
        if at[0] < -1 or at[-1] > len(self.bits):
            waveform *= ramps(at, 1, len(self.bits)).astype(np.float32)
        return np.asarray(waveform)


def dbpsk_waveform(
    bits: Bits,
    *,
    bit_rate: int,
    rate_hz: float,
    carrier_hz: float,
    drift_hz_per_s: float = 0.0,
    shape: Shape | str = Shape.RECT,
    start_s: float = 0.0,
    clock_ppm: float = 0.0,
) -> Samples:
    """A whole uplink frame with its ramps, at amplitude 1.

    Sample n is taken at n / rate_hz. The ramp begins at `start_s` (which may lie between two
    samples) and bit 0 `DBPSK_LEAD_SYMBOLS` symbols later. `carrier_hz` is that at the middle of
    the bits.
    """
    symbol_s = 1 / (bit_rate * (1 + 1e-6 * clock_ppm))
    burst = DbpskBurst(
        bits=bits,
        bit_rate=bit_rate,
        first_bit_s=start_s + DBPSK_LEAD_SYMBOLS * symbol_s,
        carrier_hz=carrier_hz,
        drift_hz_per_s=drift_hz_per_s,
        shape=Shape(shape),
        clock_ppm=clock_ppm,
    )
    return burst.render(0.0, rate_hz, math.ceil(burst.ends_s * rate_hz))


@cache
def _passages(shape: Shape) -> NDArray[np.float32]:
    """Half a symbol before to half a symbol after an edge, for ++, +-, -+ and -- one by one."""
    off = (np.arange(_GRID) + 0.5) / _GRID - 0.5
    crossing = _crossing(off, shape)
    level = np.ones(_GRID)
    return np.concatenate((level, -crossing, crossing, -level)).astype(np.float32)


def _crossing(off: Times, shape: Shape) -> Times:
    """Way from the state before (-1) to the one after (+1), `off` symbols from the edge."""
    match shape:
        case Shape.RECT:
            return np.where(off < 0, -1.0, 1.0)
        case Shape.SMOOTH:
            return np.clip(off / _SMOOTH_HALF_SYMBOLS, -1, 1)
        case Shape.S2LP:
            step = (np.floor(off * _S2LP_STEPS) + 0.5) / _S2LP_STEPS
            crossing: Times = np.sin(np.pi * step)
            return crossing
