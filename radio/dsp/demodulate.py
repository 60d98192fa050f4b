"""A recognised frame to coherent soft symbols."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from radio.dsp.acquire import refine_carrier
from radio.dsp.baseband import Integrator
from radio.dsp.carrier import Carrier, ComplexSymbols, Phases, follow_phase

CLOCK_PHASES: Final = 8


@dataclass(frozen=True, slots=True)
class SoftFrame:
    """The phase states of a frame as received, ready for deciding or for joining with others.

    Attributes:
        start: Stream sample at which the reference symbol begins.
        symbols: Complex state means, the carrier still in them; shape (bits + 1,).
        carrier: The straight carrier found; origin counted from `start`.
        phase: Phase of each state, the carrier's and what remained; rad.
        soft: Coherent states, real; shape (bits + 1,). One common sign is unknown.
    """

    start: float
    symbols: ComplexSymbols
    carrier: Carrier
    phase: Phases
    soft: NDArray[np.float64]


def demodulate(
    integrator: Integrator,
    *,
    start: float,
    states: int,
    rough: Carrier,
    symbol_samples: float,
    bit_rate: int,
) -> SoftFrame:
    """Soft states of a whole frame.

    Args:
        integrator: Of the signal around its carrier.
        start: Stream sample at which the reference symbol begins, to a fifth of a symbol.
        states: How many states it has.
        rough: Its carrier as the header told, origin counted from `start`.
        symbol_samples: Length of a symbol in stream samples.
        bit_rate: 100 or 600.
    """
    edges = start + symbol_samples * np.arange(states + 1.0)
    late = _clock_offset(integrator, edges, symbol_samples)
    symbols = integrator.means(edges + late)
    carrier = refine_carrier(symbols, rough, bit_rate)
    numbers = np.arange(states, dtype=np.float64)
    straight = symbols * np.exp(-1j * carrier.phase(numbers))
    bend = follow_phase(straight)
    return SoftFrame(
        start=start + late,
        symbols=symbols,
        carrier=carrier,
        phase=carrier.phase(numbers) + bend,
        soft=(straight * np.exp(-1j * bend)).real,
    )


def _clock_offset(
    integrator: Integrator, edges: NDArray[np.float64], symbol_samples: float
) -> float:
    """Shift of the edges, within half a symbol, at which the integrals hold most energy."""
    shifts = np.arange(CLOCK_PHASES) / CLOCK_PHASES
    trials = integrator.means(edges[None, :] + shifts[:, None] * symbol_samples)
    energy = np.square(np.abs(trials)).sum(axis=1)
    # Energy over the shift is a smooth wave of one period a symbol: its phase is the clock.
    turn = np.angle(np.sum(energy * np.exp(2j * np.pi * shifts)))
    return float(turn / (2 * np.pi) * symbol_samples)
