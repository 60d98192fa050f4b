"""Carrier of a DBPSK burst without knowing its bits: squaring takes the bits away.

Frequencies are in cycles per symbol, drifts in cycles per symbol per symbol.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

ComplexSymbols = NDArray[np.complex128]
Phases = NDArray[np.float64]

# Symbols averaged for the phase of one symbol; at 5 dB its error costs 0.03 dB, and a phase that
# bends by half a turn over a frame is still followed.
PHASE_WINDOW: Final = 31
# For the carrier of an oscillator that wanders. It follows the noise as well, which leaves three
# quarters of it at right angles: only where far less is left did the carrier itself move.
WANDER_WINDOW: Final = 11
WANDER_LEAVES: Final = 0.4


@dataclass(frozen=True, slots=True)
class Carrier:
    """A carrier that moves in a straight line.

    Attributes:
        frequency: At `origin`, cycles per symbol.
        drift: Cycles per symbol per symbol.
        origin: Symbol at which `frequency` holds.
        clearness: Share of the squared symbols' amplitude found in this one line, 0 to 1.
    """

    frequency: float
    drift: float
    origin: float
    clearness: float

    def phase(self, symbols: NDArray[np.float64]) -> Phases:
        """Phase in rad at (fractional) symbol numbers, 0 at the origin."""
        t = symbols - self.origin
        phases: Phases = 2 * np.pi * (self.frequency + 0.5 * self.drift * t) * t
        return phases


@dataclass(frozen=True, slots=True)
class Search:
    """Where to look for a carrier.

    Attributes:
        frequency_limit: Largest |frequency| at the origin; at most a quarter.
        drifts: Drifts tried, evenly spaced, rising; shape (d,).
        origin: Symbol at which the frequency counts.
    """

    frequency_limit: float
    drifts: NDArray[np.float64]
    origin: float


def find_carrier(symbols: ComplexSymbols, search: Search) -> Carrier:
    """The straight line of phase that explains the squared symbols best.

    Args:
        symbols: One per symbol, shape (n,).
        search: Limits; finer steps are interpolated.
    """
    square = symbols**2
    # Equal weight to every symbol: one strong interference must not vote for all.
    square = square / (np.abs(symbols) + 1e-3 * np.abs(symbols).max() + 1e-30)
    t = np.arange(symbols.size) - search.origin
    size = 2 << int(np.ceil(np.log2(symbols.size)))
    chirped = square * np.exp(-2j * np.pi * np.outer(search.drifts, t * t))
    spectrum = np.abs(np.fft.fft(chirped.astype(np.complex64), size, axis=1))
    reach = min(size // 2 - 1, int(np.ceil(2 * search.frequency_limit * size)))
    window = np.concatenate((spectrum[:, -reach:], spectrum[:, : reach + 1]), axis=1)
    row, column = np.unravel_index(int(np.argmax(window)), window.shape)
    fine_column = column + _vertex(window[row], int(column))
    step = search.drifts[1] - search.drifts[0] if search.drifts.size > 1 else 0.0
    drift = search.drifts[row] + step * _vertex(window[:, column], int(row))
    return Carrier(
        frequency=float(fine_column - reach) / size / 2,
        drift=float(drift),
        origin=search.origin,
        clearness=float(window[row, column] / (np.abs(square).sum() + 1e-30)),
    )


def _vertex(values: NDArray[np.float32], at: int) -> float:
    """Offset of the top of the parabola through a maximum and its neighbours, -0.5 to 0.5."""
    if at in (0, values.size - 1):
        return 0.0
    left, top, right = (float(v) for v in values[at - 1 : at + 2])
    bend = left - 2 * top + right
    return 0.5 * (left - right) / bend if bend < 0 else 0.0


def follow_phase(symbols: ComplexSymbols) -> Phases:
    """Phase of each symbol's carrier, its bits squared away and its neighbours averaged in.

    A carrier that wanders faster than the average can follow is followed symbol by symbol first,
    where the signal is strong enough to show it. A constant half turn stays unknown; differential
    bits do not see it.
    """
    steady = _averaged_phase(symbols, PHASE_WINDOW)
    path = _path(symbols)
    wandering = path + _averaged_phase(symbols * np.exp(-1j * path), WANDER_WINDOW)
    moved = _beside(symbols, wandering) < WANDER_LEAVES * _beside(symbols, steady)
    return wandering if moved else steady


def _path(symbols: ComplexSymbols) -> Phases:
    """Phase that the turns from one squared symbol to the next add up to, a few averaged."""
    square = _squared(symbols)
    turns = np.convolve(square[1:] * np.conj(square[:-1]), np.ones(WANDER_WINDOW), "same")
    path: Phases = np.concatenate(([0.0], np.cumsum(0.5 * np.angle(turns))))
    return path


def _squared(symbols: ComplexSymbols) -> ComplexSymbols:
    """Squares of the symbols, of their own size."""
    squared: ComplexSymbols = symbols**2 / (np.abs(symbols) + 1e-30)
    return squared


def _averaged_phase(symbols: ComplexSymbols, window: int) -> Phases:
    running = np.concatenate(([0], np.cumsum(_squared(symbols))))
    half = window // 2
    at = np.arange(symbols.size)
    low, high = np.maximum(0, at - half), np.minimum(symbols.size, at + half + 1)
    phases: Phases = 0.5 * np.unwrap(np.angle(running[high] - running[low]))
    return phases


def _beside(symbols: ComplexSymbols, phases: Phases) -> float:
    """Energy at right angles to a carrier of these phases: noise, and what it did not follow."""
    return float(np.square((symbols * np.exp(-1j * phases)).imag).sum())
