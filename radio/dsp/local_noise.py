"""Noise at one place of a band, from the noise floor of its bins."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from radio.dsp.floor import SEGMENT_BINS, NoiseFloor
from radio.dsp.spectra import Grid

# Power of a Hann window over that of none, per sample.
HANN_POWER: Final = 0.375
NOTHING: Final = 1e-30


class LocalNoise:
    """What the noise floor says of the noise around a bin."""

    def __init__(self, floor: NoiseFloor, grid: Grid) -> None:
        self._floor, self._grid = floor, grid

    def per_hz(self, bin_power: float) -> float:
        """Noise density, full scale squared per Hz, where a bin of the Hann power holds this."""
        return max(bin_power, NOTHING) / (HANN_POWER * self._grid.size * self._grid.rate_hz)

    def at(self, positions: NDArray[np.float64]) -> NDArray[np.float64]:
        """As `before`, at each of these (fractional) positions."""
        places = np.clip(np.rint(positions).astype(int), 0, self._grid.bins - 1)
        per_bin = np.maximum(self._floor.per_bin[places], NOTHING).astype(np.float64)
        noise: NDArray[np.float64] = per_bin * self.per_hz(1.0) * self._grid.bit_rate
        return noise

    def before(self, position: int) -> float:
        """Noise power in bit-rate Hz, all that is on the air at this place taken for noise."""
        position = min(max(position, 0), self._grid.bins - 1)
        return self.per_hz(float(self._floor.per_bin[position])) * self._grid.bit_rate

    def beside(self, position: int) -> float:
        """As `before`, but without what a strong signal itself adds to the floor."""
        places = position + SEGMENT_BINS * np.arange(-4, 5)
        inside = np.clip(places, 0, self._grid.bins - 1)
        return self.per_hz(float(self._floor.per_bin[inside].min())) * self._grid.bit_rate
