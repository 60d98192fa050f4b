"""How far each phase state can be trusted: less where something else was on the air."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from radio.dsp.demodulate import SoftFrame

# States averaged for the disturbance around one of them.
_WINDOW: Final = 15
# The average of so many noise samples seldom strays further than this from its mean.
_ORDINARY: Final = 2.0


def weights(frame: SoftFrame, noise: float) -> NDArray[np.float64]:
    """Weight of each state, 1 where only noise disturbs it; shape (states,).

    What stands at right angles to the carrier is disturbance alone.

    Args:
        frame: As received.
        noise: Noise power in bit-rate Hz.
    """
    beside = np.square((frame.symbols * np.exp(-1j * frame.phase)).imag)
    window = np.ones(_WINDOW)
    around = np.convolve(beside, window, "same") / np.convolve(np.ones(beside.size), window, "same")
    ratio = around / (0.5 * noise + 1e-30)
    return np.where(ratio > _ORDINARY, 1 / np.maximum(ratio, 1.0), 1.0)
