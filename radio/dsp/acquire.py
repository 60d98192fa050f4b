"""From a recognised header to the carrier of the whole frame.

Squared symbols have no bits left, only twice the carrier. The header has told roughly where it
lies: a bank of straight carriers around that finds it in the first 113 states, which every class
has, and a finer bank in all of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from radio.dsp.blas import LARGEST_PRODUCT
from radio.dsp.carrier import Carrier, ComplexSymbols, squared
from radio.dsp.header import ORIGIN_STATE
from radio.dsp.spectra import Complex, Real
from radio.sigfox.frame_type import FRAME_CLASSES

HEAD_STATES: Final = 113  # the shortest frame, 112 bits, and its reference symbol
LONGEST_STATES: Final = 1 + max(c.total_bits for c in FRAME_CLASSES.values())


@dataclass(frozen=True, slots=True)
class _Reach:
    """What is left open: cycles per symbol and Hz/s.

    Attributes:
        head: By the header, at its middle.
        frame: By the head, at the middle of the frame.
    """

    head: tuple[float, float]
    frame: tuple[float, float]


_STEADY: Final = _Reach((0.03, 24.0), (0.02, 3.0))
# An oscillator that wanders leaves more open. Weak frames would find noise there.
_WANDERING: Final = _Reach((0.03, 24.0), (0.05, 6.0))


@dataclass(frozen=True, slots=True)
class _Bank:
    """Straight carriers, squared.

    Attributes:
        slopes: What takes each frequency away, shape (frequencies, states).
        bends: What takes each drift away: real part beside the imaginary one, which stands below
            as it is multiplied with the imaginary part of symbols; shape (2 states, 2 drifts).
    """

    slopes: Complex
    bends: Real
    frequency: NDArray[np.float64]
    drift: NDArray[np.float64]
    origin: float

    def best(self, symbols: ComplexSymbols) -> Carrier:
        """The carrier that explains the squared symbols best."""
        square = squared(symbols).astype(np.complex64)
        turned = square * self.slopes
        halves = np.concatenate((turned.real, turned.imag), axis=1)
        # A few rows each: see LARGEST_PRODUCT.
        rows = max(1, LARGEST_PRODUCT // self.bends.size)
        few = range(0, self.frequency.size, rows)
        both = np.concatenate([halves[at : at + rows] @ self.bends for at in few])
        table = np.hypot(both[:, : self.drift.size], both[:, self.drift.size :])
        f, d = (int(place) for place in np.unravel_index(int(table.argmax()), table.shape))
        return Carrier(
            frequency=_fine(self.frequency, table[:, d], f),
            drift=_fine(self.drift, table[f], d),
            origin=self.origin,
            clearness=float(table[f, d] / (np.abs(square).sum() + 1e-30)),
        )


def refine_carrier(symbols: ComplexSymbols, bit_rate: int, *, strong: bool = False) -> Carrier:
    """The straight carrier of a frame, its origin at the middle.

    Args:
        symbols: Of the whole frame, reference symbol first, without the carrier that its header
            told; shape (n,).
        bit_rate: 100 or 600.
        strong: Far above the noise: it may wander from a straight line.
    """
    reach = _WANDERING if strong else _STEADY
    numbers = np.arange(symbols.size, dtype=np.float64)
    head = _bank(HEAD_STATES, ORIGIN_STATE, reach.head[0], reach.head[1] / bit_rate**2)
    begun = head.best(symbols[:HEAD_STATES])
    middle = 0.5 * (symbols.size - 1)
    moved = Carrier(
        begun.frequency + begun.drift * (middle - begun.origin), begun.drift, middle, 0.0
    )
    whole = _bank(symbols.size, middle, reach.frame[0], reach.frame[1] / bit_rate**2)
    return _corrected(moved, whole.best(_straight(symbols, moved, numbers)))


def _straight(
    symbols: ComplexSymbols, carrier: Carrier, numbers: NDArray[np.float64]
) -> ComplexSymbols:
    straight: ComplexSymbols = symbols * np.exp(-1j * carrier.phase(numbers))
    return straight


def _corrected(carrier: Carrier, rest: Carrier) -> Carrier:
    return Carrier(
        carrier.frequency + rest.frequency,
        carrier.drift + rest.drift,
        carrier.origin,
        rest.clearness,
    )


@lru_cache(maxsize=32)
def _bank(states: int, origin: float, frequency: float, drift: float) -> _Bank:
    """Carriers up to ±`frequency` and ±`drift`, so close that half a decibel is lost at worst."""
    f = _grid(frequency, 1 / (4 * states))
    d = _grid(drift, 2.4 / (2 * np.pi * (states / 2) ** 2))
    t = np.arange(states) - origin
    # Squaring doubles the phase.
    slopes, bends = np.exp(-4j * np.pi * np.outer(f, t)), np.exp(-2j * np.pi * np.outer(t * t, d))
    halves = np.block([[bends.real, bends.imag], [-bends.imag, bends.real]])
    return _Bank(slopes.astype(np.complex64), halves.astype(np.float32), f, d, origin)


def _grid(limit: float, step: float) -> NDArray[np.float64]:
    steps = int(np.ceil(limit / step))
    grid: NDArray[np.float64] = step * np.arange(-steps, steps + 1.0)
    return grid


def _fine(grid: NDArray[np.float64], values: NDArray[np.float32], at: int) -> float:
    """Where the parabola through a maximum and its neighbours has its top."""
    if at in (0, grid.size - 1):
        return float(grid[at])
    left, top, right = (float(v) for v in values[at - 1 : at + 2])
    bend = left - 2 * top + right
    offset = 0.5 * (left - right) / bend if bend < 0 else 0.0
    return float(grid[at] + offset * (grid[1] - grid[0]))
