"""What a decoded frame tells about its signal: exact start, carrier, drift, level.

With the bits known, the received states divided by the sent ones leave a bare carrier; and the
half-symbol shifts to both sides tell early from late.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from radio.dsp.baseband import Integrator
from radio.dsp.demodulate import SoftFrame

_EARLY_LATE: Final = 0.25  # symbols
_ROUNDS: Final = 2


@dataclass(frozen=True, slots=True)
class Measured:
    """Facts of one frame.

    Attributes:
        start: Stream sample of its first preamble bit (the end of the reference symbol).
        frequency: Carrier at the middle of the frame, cycles per symbol, baseband.
        drift: Cycles per symbol per symbol.
        amplitude: Mean coherent amplitude of the states.
    """

    start: float
    frequency: float
    drift: float
    amplitude: float


def measure(
    integrator: Integrator, frame: SoftFrame, states: NDArray[np.int8], symbol_samples: float
) -> Measured:
    """Measure a frame whose phase states are known."""
    start = frame.start
    for _ in range(_ROUNDS):
        start += _lateness(integrator, frame, states, start, symbol_samples)
    edges = start + symbol_samples * np.arange(states.size + 1.0)
    bare = integrator.means(edges) * states * np.exp(-1j * frame.phase)
    frequency, drift = _line(np.unwrap(np.angle(_smooth(bare))) + frame.phase)
    return Measured(
        start=start + symbol_samples,
        frequency=frequency + 0.5 * drift,  # the reference symbol is not part of the frame
        drift=drift,
        amplitude=float(abs(bare.real.mean())),
    )


def _lateness(
    integrator: Integrator,
    frame: SoftFrame,
    states: NDArray[np.int8],
    start: float,
    symbol_samples: float,
) -> float:
    """How much later than `start` the frame begins, in stream samples."""
    edges = start + symbol_samples * np.arange(states.size + 1.0)
    reference = states * np.exp(-1j * frame.phase)
    step = _EARLY_LATE * symbol_samples
    early, at, late = (
        abs(complex(np.sum(reference * integrator.means(edges + shift))))
        for shift in (-step, 0.0, step)
    )
    # Away from the peak the correlation falls in straight lines, equally to both sides.
    slope = 2 * at - early - late
    if slope <= 0:
        return 0.0
    return float(np.clip((late - early) / slope, -1, 1) * step)


def _smooth(bare: NDArray[np.complex128]) -> NDArray[np.complex128]:
    window = np.ones(min(21, bare.size))
    smooth: NDArray[np.complex128] = np.convolve(bare, window, "same")
    return smooth


def _line(phases: NDArray[np.float64]) -> tuple[float, float]:
    """Frequency at the middle and drift of unwrapped phases, per symbol."""
    t = np.arange(phases.size) - 0.5 * (phases.size - 1)
    bend, slope, _ = np.polyfit(t, phases, 2)
    return float(slope / (2 * np.pi)), float(bend / np.pi)
