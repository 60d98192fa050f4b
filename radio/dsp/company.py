"""Whether a frame that was taken out had company: frames of the other bit rate on its frequency."""

from __future__ import annotations

from typing import Final

import numpy as np

from radio.dsp.floor import MEDIAN_OF_MEAN
from radio.dsp.spectra import Grid, Real

SLOW_BIT_RATE: Final = 100

# A frame of 100 bit/s this far away still bends the symbols of one of 600 bit/s.
_SLOW_HZ: Final = 400.0
# It stands out all the time in a bin or two. Noise does not: the mean is of thirty cells.
_SLOW_OVER_NOISE: Final = 2.5

# A frame of 600 bit/s fills more than half of one of these bands about a slow one. Other slow
# frames fill less: the median does not see them unless they are very strong.
_BAND_HZ: Final = 400.0
_BANDS: Final = 3
# It lasts five to nine slow blocks, longer than the splatter of a sender's start and end. What was
# the same a little before or will be after it is something else.
_RUN: Final = 4
_LATER: Final = 8
_FAST_OVER_NOISE: Final = 1.8
_NOTHING: Final = 1e-9


def has_company(power: Real, noise: float, grid: Grid) -> bool:
    """Whether a frame of the other bit rate may have been on the air around the place of a frame.

    Args:
        power: Hann power while the frame lasted, its carrier in the middle; shape (blocks, bins).
        noise: Noise power of a bin.
        grid: Of the frame.
    """
    level = power / np.float32(noise)
    if grid.bit_rate == SLOW_BIT_RATE:
        return _has_fast_company(level, grid.bin_hz)
    return _has_slow_company(level, grid.bin_hz)


def _has_slow_company(level: Real, bin_hz: float) -> bool:
    half, centre = max(1, round(_SLOW_HZ / bin_hz)), level.shape[1] // 2
    near = level[:, max(0, centre - half) : centre + half + 1]
    return bool(near.mean(axis=0).max() > _SLOW_OVER_NOISE)


def _has_fast_company(level: Real, bin_hz: float) -> bool:
    width = round(_BAND_HZ / bin_hz)
    low = (level.shape[1] - _BANDS * width) // 2
    if level.shape[0] < _RUN:
        return False
    bands = level[:, low : low + _BANDS * width].reshape(-1, _BANDS, width)
    middle = np.partition(bands, width // 2, axis=2)[:, :, width // 2]
    median = middle / np.float32(MEDIAN_OF_MEAN)
    runs = np.lib.stride_tricks.sliding_window_view(median, _RUN, axis=0)
    least, mean = runs.min(axis=-1), runs.mean(axis=-1)
    fleeting = least / np.maximum(_quiet_before(mean), _quiet_before(mean[::-1])[::-1])
    return bool(np.minimum(least, fleeting).max() > _FAST_OVER_NOISE)


def _quiet_before(runs: Real) -> Real:
    """The quietest of some runs before each that share no block with it; nothing at the ends."""
    absent = np.full((_LATER + _RUN, runs.shape[1]), np.inf, np.float32)
    earlier = np.concatenate((absent, runs))[: -_RUN - 1]
    quiet = np.lib.stride_tricks.sliding_window_view(earlier, _LATER, axis=0).min(axis=-1)
    return np.where(np.isinf(quiet), np.float32(_NOTHING), quiet + np.float32(_NOTHING))
