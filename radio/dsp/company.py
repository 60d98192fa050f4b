"""Whether a frame that was taken out had company: frames of another bit rate on its frequency."""

from __future__ import annotations

from typing import Final

import numpy as np

from radio.dsp.floor import noise_of
from radio.dsp.spectra import Real

# A frame of 600 bit/s fills 600 Hz; one of 100 bit/s this far away still bends its symbols.
COMPANY_HZ: Final = 400.0
# A faster frame stands out for a few blocks over the whole width, a slower one all the time in a
# bin or two. Noise alone does neither: the means are of a hundred and of thirty independent cells.
_FAST_BLOCKS: Final = 4
_FAST_OVER_NOISE: Final = 1.6
_SLOW_OVER_NOISE: Final = 2.5


def has_company(power: Real, bin_hz: float) -> bool:
    """Whether something stands out of the noise around the place of a frame.

    Args:
        power: Hann power while the frame lasted, its carrier in the middle; shape (blocks, bins).
        bin_hz: Width of a bin.
    """
    noise = noise_of(power)
    half, centre = max(1, round(COMPANY_HZ / bin_hz)), power.shape[1] // 2
    near = power[:, max(0, centre - half) : centre + half + 1]
    if noise is None or near.shape[0] < _FAST_BLOCKS:
        return False
    slow = near.mean(axis=0).max()
    fast = np.convolve(near.mean(axis=1), np.full(_FAST_BLOCKS, 1 / _FAST_BLOCKS), "valid").max()
    return bool(slow > _SLOW_OVER_NOISE * noise or fast > _FAST_OVER_NOISE * noise)
