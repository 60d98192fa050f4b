"""An acquired frame to coherent soft symbols."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from radio.dsp.acquire import Acquired, drift_grid, drift_step
from radio.dsp.baseband import Integrator
from radio.dsp.carrier import Carrier, ComplexSymbols, Phases, Search, find_carrier, follow_phase

# The head knew the drift to about 1 Hz/s at 100 bit/s; the whole frame knows it ten times better.
_REFINE_LIMIT_HZ_PER_S: Final = 4.0
_REFINE_LIMIT_FREQUENCY: Final = 0.12


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
    integrator: Integrator, acquired: Acquired, symbol_samples: float, bit_rate: int
) -> SoftFrame:
    """Soft states of the whole frame that was acquired."""
    states = acquired.frame_class.total_bits + 1
    edges = acquired.start + symbol_samples * np.arange(states + 1.0)
    symbols = integrator.means(edges)
    numbers = np.arange(states, dtype=np.float64)
    rough = acquired.carrier
    straightened = symbols * np.exp(-1j * rough.phase(numbers))
    middle = 0.5 * (states - 1)
    rest = find_carrier(
        straightened,
        Search(
            _REFINE_LIMIT_FREQUENCY,
            drift_grid(bit_rate, _REFINE_LIMIT_HZ_PER_S, drift_step(states)),
            middle,
        ),
    )
    carrier = Carrier(
        frequency=rough.frequency + rough.drift * (middle - rough.origin) + rest.frequency,
        drift=rough.drift + rest.drift,
        origin=middle,
        clearness=rest.clearness,
    )
    straight = symbols * np.exp(-1j * carrier.phase(numbers))
    bend = follow_phase(straight)
    return SoftFrame(
        start=acquired.start,
        symbols=symbols,
        carrier=carrier,
        phase=carrier.phase(numbers) + bend,
        soft=(straight * np.exp(-1j * bend)).real,
    )
