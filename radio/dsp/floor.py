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


class NoiseFloor:
    """Follows the noise power of each bin."""

    def __init__(self, bins: int) -> None:
        self._segments = max(1, bins // SEGMENT_BINS)
        self._edges = np.linspace(0, bins, self._segments + 1).astype(int)
        self._centres = 0.5 * (self._edges[:-1] + self._edges[1:])
        self._positions = np.arange(bins)
        self._level: Real | None = None
        self.per_bin: Real = np.ones(bins, np.float32)

    @property
    def known(self) -> bool:
        """Whether any spectrum was seen."""
        return self._level is not None

    def follow(self, power: Real) -> None:
        """Take Hann power of new blocks, shape (blocks, bins)."""
        usable = power[power.sum(axis=1) > 0]
        if usable.shape[0] == 0:
            return
        medians = np.array(
            [
                np.median(usable[:, low:high])
                for low, high in zip(self._edges[:-1], self._edges[1:], strict=True)
            ],
            np.float32,
        )
        measured = np.maximum(medians / MEDIAN_OF_MEAN, np.float32(1e-20))
        if self._level is None:
            self._level = measured
        else:
            weight = 1 - (1 - FOLLOW) ** usable.shape[0]
            # In decibels, so that a burst of interference moves it no faster than a quiet spell.
            self._level *= (measured / self._level) ** np.float32(weight)
        self.per_bin = np.interp(self._positions, self._centres, self._level).astype(np.float32)
