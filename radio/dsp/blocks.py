"""A sample stream cut into overlapping blocks, each transformed once for all who read it."""

from __future__ import annotations

import numpy as np

from radio.dsp.spectra import Complex, Grid


class BlockTransform:
    """Turns consecutive samples into the spectra of whole blocks.

    Args:
        grid: Length of a block and distance to the next; which bins it keeps does not matter.
    """

    def __init__(self, grid: Grid) -> None:
        self._size, self._hop = grid.size, grid.hop
        self._tail = np.zeros(0, np.complex64)

    def take(self, samples: Complex) -> Complex:
        """Spectra of the blocks that these samples (shape (n,)) complete: shape (blocks, size)."""
        waiting = np.concatenate((self._tail, samples)) if self._tail.size else samples
        count = max(0, (waiting.size - self._hop) // self._hop)
        self._tail = waiting[count * self._hop :].copy()
        if count == 0:
            return np.zeros((0, self._size), np.complex64)
        windows = np.lib.stride_tricks.as_strided(
            waiting,
            shape=(count, self._size),
            strides=(self._hop * waiting.itemsize, waiting.itemsize),
            writeable=False,
        )
        return np.fft.fft(windows, axis=1).astype(np.complex64, copy=False)
