"""What cheap receivers do to the samples."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

_STEPS: Final = 128
_MIDDLE: Final = 127.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Impairments:
    """Faults of a receiver, in the order in which they happen.

    Attributes:
        gain_db: Added before everything else; drives the converter into clipping.
        iq_gain_db: In-phase over quadrature.
        iq_phase_deg: By how much the two miss the right angle.
        dc: Added to every sample (full scale 1).
        eight_bits: The converter has 8 unsigned bits and clips.
    """

    gain_db: float = 0.0
    iq_gain_db: float = 0.0
    iq_phase_deg: float = 0.0
    dc: complex = 0j
    eight_bits: bool = False

    def apply(self, samples: NDArray[np.complex64]) -> NDArray[np.complex64]:
        """Shape (n,) to shape (n,)."""
        ratio = 10 ** (self.iq_gain_db / 20) * np.exp(1j * math.radians(self.iq_phase_deg))
        wanted, image = (1 + ratio) / 2, (1 - ratio) / 2
        gain = 10 ** (self.gain_db / 20)
        faulty = gain * (wanted * samples + image * samples.conj()) + self.dc
        parts: NDArray[np.float32] = faulty.astype(np.complex64).view(np.float32)
        return (_eight_bits(parts) if self.eight_bits else parts).view(np.complex64)


def _eight_bits(parts: NDArray[np.float32]) -> NDArray[np.float32]:
    steps: NDArray[np.float32] = np.clip(np.rint(parts * _STEPS + _MIDDLE), 0, 2 * _STEPS - 1)
    return (steps - np.float32(_MIDDLE)) / np.float32(_STEPS)
