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
    square = squared(symbols)
    turns = np.convolve(square[1:] * np.conj(square[:-1]), np.ones(WANDER_WINDOW), "same")
    path: Phases = np.concatenate(([0.0], np.cumsum(0.5 * np.angle(turns))))
    return path


def squared(symbols: ComplexSymbols) -> ComplexSymbols:
    """Squares of the symbols, of their own size: one strong interference must not vote for all."""
    square: ComplexSymbols = symbols**2 / (np.abs(symbols) + 1e-30)
    return square


def _averaged_phase(symbols: ComplexSymbols, window: int) -> Phases:
    running = np.concatenate(([0], np.cumsum(squared(symbols))))
    half = window // 2
    at = np.arange(symbols.size)
    low, high = np.maximum(0, at - half), np.minimum(symbols.size, at + half + 1)
    phases: Phases = 0.5 * np.unwrap(np.angle(running[high] - running[low]))
    return phases


def _beside(symbols: ComplexSymbols, phases: Phases) -> float:
    """Energy at right angles to a carrier of these phases: noise, and what it did not follow."""
    return float(np.square((symbols * np.exp(-1j * phases)).imag).sum())


def follow_known(symbols: ComplexSymbols, states: NDArray[np.int8], carrier: Carrier) -> Phases:
    """Phase of each symbol's carrier where the states are known: no squaring, no ambiguity."""
    straight = carrier.phase(np.arange(symbols.size, dtype=np.float64))
    bare = symbols * states * np.exp(-1j * straight)
    smooth = np.convolve(bare, np.ones(PHASE_WINDOW), "same")
    phases: Phases = straight + np.unwrap(np.angle(smooth))
    return phases
