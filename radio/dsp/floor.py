"""The noise floor of a stream: the median of the spectrum, segment by segment, slowly followed."""

from __future__ import annotations

from typing import Final

import numpy as np

from radio.dsp.spectra import Real

# Wide enough that a few signals of 100 Hz do not move its median, narrow enough to follow the
# slopes of a front-end filter.
SEGMENT_BINS: Final = 240
# The median of a chi-square with two degrees of freedom over its mean.
MEDIAN_OF_MEAN: Final = float(np.log(2))
FOLLOW: Final = 0.05
# A burst of interference that ends leaves the floor too high: what falls by half, falls at once.
FOLLOW_DOWN: Final = 0.5
_FALLEN: Final = 0.5

# Zeros stand for samples that are not there, and what was taken out next to them leaves traces in
# them. No receiver falls by so much.
_SILENCE: Final = 1e-6


def noise_of(power: Real) -> np.float32 | None:
    """Noise power of a bin in this part of the spectrum; None where none of it was heard."""
    heard = power[power > 0]
    return np.float32(np.median(heard) / MEDIAN_OF_MEAN) if heard.size else None


class NoiseFloor:
    """Follows the noise power of each bin."""

    def __init__(self, bins: int) -> None:
        # A recording may reach only a corner of the band.
        self._width = min(SEGMENT_BINS, bins)
        self._segments = bins // self._width
        self._centres = (np.arange(self._segments) + 0.5) * self._width
        self._positions = np.arange(bins)
        self._level: Real | None = None
        self.per_bin: Real = np.ones(bins, np.float32)

    @property
    def known(self) -> bool:
        """Whether any spectrum was seen."""
        return self._level is not None

    def follow(self, power: Real) -> None:
        """Take Hann power of new blocks, shape (blocks, bins)."""
        silence = _SILENCE * float(self.per_bin.mean()) if self.known else 0.0
        usable = power[power.mean(axis=1) > silence]
        if usable.shape[0] == 0:
            return
        # Neighbours share the window's main lobe: every second bin tells as much.
        columns = usable[:, : self._segments * self._width : 2]
        by_segment = columns.reshape(usable.shape[0], self._segments, -1).swapaxes(0, 1)
        medians = np.median(by_segment.reshape(self._segments, -1), axis=1)
        measured = np.maximum(medians / MEDIAN_OF_MEAN, 1e-20).astype(np.float32)
        if self._level is None:
            self._level = measured
        else:
            change = measured / self._level
            weight = 1 - np.where(change < _FALLEN, 1 - FOLLOW_DOWN, 1 - FOLLOW) ** usable.shape[0]
            # In decibels, so that even a strong burst moves it slowly.
            self._level *= (change**weight).astype(np.float32)
        self.per_bin = np.interp(self._positions, self._centres, self._level).astype(np.float32)
