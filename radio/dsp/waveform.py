"""What all waveforms are made of: a turning carrier and power ramps."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.complex64]
Times = NDArray[np.float64]


def turned(cycles: Times) -> Samples:
    """A carrier of amplitude 1 that has made `cycles` turns. Shape (n,)."""
    # Whole turns go first: what is left keeps its precision in single, where sin and cos are fast.
    angle = (2 * np.pi * (cycles - np.rint(cycles))).astype(np.float32)
    carrier = np.empty(len(angle), np.complex64)
    np.cos(angle, out=carrier.real)
    np.sin(angle, out=carrier.imag)
    return carrier


def ramps(at: Times, before: int, count: int) -> Times:
    """Amplitude 1 from `before` symbols before bit 0 to the end of `count` bits, ramps outside.

    `at` counts symbols from the start of bit 0; each ramp lasts one symbol.
    """
    outside = np.maximum(np.maximum(-before - at, at - count), 0)
    power: Times = 0.5 + 0.5 * np.cos(np.pi * np.minimum(outside, 1))
    return power
