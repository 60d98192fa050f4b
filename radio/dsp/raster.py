"""A frame cut out of block spectra with a whole number of samples to each of its symbols.

Samples of a cut fall where the blocks put them: a frame starts between two of them, and its symbols
do not hold a whole number. Both are mended while the signal is still a spectrum: each block is
shifted in time by a fraction of a sample, so that row k, column m of a frame is always the same
place in a symbol. Fitting and rebuilding are then products of small matrices.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from radio.dsp.spectra import Complex, Grid, Real, SpectraStore

# Flat part of a cut; the rest falls to zero. Steeper than that of a slice, for what is cut here
# goes back, and only what lies in the flat part is taken out whole.
PASS_SHARE: Final = 0.85
# Widths tried: from a little narrower to this much wider than asked for, for one at which samples
# fit the symbols.
_NARROWEST: Final = 0.95
_WIDEST: Final = 1.25
_WIDEST_OF_OTHER_RATE: Final = 4.0
# Samples by which a block may be longer or shorter than its symbols say.
_MISFIT_SAMPLES: Final = 0.02


@dataclass(frozen=True, slots=True)
class Raster:
    """How a frame is cut out.

    Attributes:
        grid: Of the blocks.
        position: Bin in the middle.
        bins: Width.
        per_symbol: Samples of a symbol.
        start: Stream sample at which row 0 begins.
        symbol_samples: Stream samples of a row; those of the sender's symbol.
        rows: How many symbols are cut out.
    """

    grid: Grid
    position: int
    bins: int
    per_symbol: int
    start: float
    symbol_samples: float
    rows: int

    @classmethod
    def around(
        cls,
        grid: Grid,
        *,
        position: int,
        bins: int,
        start: float,
        symbol_samples: float,
        rows: int,
    ) -> Raster:
        """A raster about `bins` wide around `position`."""
        fitting, per_symbol = fitting_bins(grid, symbol_samples, bins)
        return cls(grid, position, fitting, per_symbol, start, symbol_samples, rows)

    @property
    def half_hz(self) -> float:
        """Distance from the middle up to which the cut is flat."""
        return PASS_SHARE * self.bins / 2 * self.grid.bin_hz

    @property
    def blocks(self) -> tuple[int, int]:
        """First block that is cut, and the one after the last."""
        first = int((self._first_sample_at - self.grid.size // 4) // self.grid.hop)
        taken = self._skipped(first) + self.rows * self.per_symbol
        return first, first - (-taken // (self.bins // 2))

    @property
    def _first_sample_at(self) -> float:
        return self.start + 0.5 * self.symbol_samples / self.per_symbol

    def _skipped(self, first: int) -> int:
        """Samples of the middle half of the first block that lie before row 0."""
        step = self.grid.size / self.bins
        return round((self._first_sample_at - first * self.grid.hop) / step) - self.bins // 4

    def cut(self, store: SpectraStore) -> Complex:
        """The signal around `position`: shape (rows, per_symbol)."""
        first, last = self.blocks
        low = self.position - self.bins // 2
        part = store.part(first, last, low, low + self.bins)
        part *= _shape(self.bins)
        part *= self._turns(first, last)
        pieces = np.fft.ifft(part, axis=1).astype(np.complex64, copy=False)
        quarter = self.bins // 4
        middle = pieces[:, quarter : quarter + self.bins // 2]
        middle *= _signs(self.bins)[quarter : quarter + self.bins // 2]
        skipped = self._skipped(first)
        flat = middle.reshape(-1)[skipped : skipped + self.rows * self.per_symbol]
        return flat.reshape(self.rows, self.per_symbol)

    def subtract(self, store: SpectraStore, signal: Complex) -> None:
        """Take a signal, as `cut` gives it, out of the spectra."""
        first, last = self.blocks
        half, quarter = self.bins // 2, self.bins // 4
        before = half + quarter + self._skipped(first) + 1
        count = last - first + 2
        padded = np.zeros((count + 1) * half + 2, np.complex64)
        padded[before : before + signal.size] = signal.reshape(-1)
        windows = np.lib.stride_tricks.as_strided(
            padded,
            shape=(count, self.bins + 2),
            strides=(half * padded.itemsize, padded.itemsize),
            writeable=False,
        )
        whole = windows[:, 1:-1] * _signs(self.bins)
        whole[:, 0] += self._edges(windows, first - 1, last + 1)
        spectra = np.fft.fft(whole, axis=1).astype(np.complex64, copy=False)
        spectra *= np.conj(self._turns(first - 1, last + 1)) / self._scale**2
        store.subtract(first - 1, self.position - half, spectra)

    def _edges(self, windows: Complex, first: int, last: int) -> Complex:
        """What the first sample of each block lacks, for a block does not end between two samples.

        A block begins and ends sharply; where its first sample stands beside its beginning, the
        part of a sample that is too much there is missing at its end.
        """
        after = self._late(first, last) * self.bins / self.grid.size
        newer = (0.75 - after / 2)[:, None]
        starts = windows[:, :2] * np.hstack((1 - newer, newer))
        stops = windows[:, -2:] * np.hstack((1 - newer, newer))
        lacking: Complex = ((0.5 - after) * (stops - starts).sum(axis=1)).astype(np.complex64)
        return lacking

    @property
    def _scale(self) -> np.float32:
        return np.float32(self.bins / self.grid.size)

    def _late(self, first: int, last: int) -> NDArray[np.float64]:
        """By how many stream samples the raster is later than the samples that blocks give."""
        grid, numbers, origin = self.grid, np.arange(first, last), self.blocks[0]
        # Number of the raster's sample in the middle of each block, and when it should be taken.
        number: NDArray[np.int64] = (
            (numbers - origin) * (self.bins // 2)
            + self.bins // 2
            - self.bins // 4
            - self._skipped(origin)
        )
        wanted = self._first_sample_at + number * (self.symbol_samples / self.per_symbol)
        return np.asarray(wanted - (numbers * grid.hop + grid.size // 2), np.float64)

    def _turns(self, first: int, last: int) -> Complex:
        """Turns of the bins that bring a block onto the raster; shape (blocks or 1, bins)."""
        grid, numbers, late = self.grid, np.arange(first, last), self._late(first, last)
        radians = 2 * np.pi / grid.size * (np.arange(self.bins) - self.bins // 2)
        # From one block to the next the delay grows by the same little.
        growth = (late[-1] - late[0]) / max(1, late.size - 1)
        turns = np.empty((late.size, self.bins), np.complex64)
        turns[0] = np.exp(1j * radians * late[0])
        turns[1:] = np.exp(1j * radians * growth)
        if abs(growth) * late.size < 1e-3 * grid.size / self.bins:
            turns[1:] = turns[0]
        else:
            np.cumprod(turns, axis=0, out=turns)
        # Blocks start half a block apart: an odd bin turns by half a circle from each to the next.
        odd = (grid.low_bin + self.position) % 2
        turns *= np.where(odd * numbers % 2, -self._scale, self._scale)[:, None]
        return turns


@lru_cache(maxsize=256)
def fitting_bins(grid: Grid, symbol_samples: float, bins: int) -> tuple[int, int]:
    """A width of about `bins` at which a symbol holds nearly a whole number of samples.

    Returns:
        The width, which is even, and the samples of a symbol.
    """
    own_rate = round(symbol_samples / grid.symbol_samples, 2) == 1.0
    widest = int(bins * (_WIDEST if own_rate else _WIDEST_OF_OTHER_RATE))
    best = bins, 0, np.inf
    widths = range(2 * int(_NARROWEST * bins / 2), widest + 1, 2)
    for width in sorted(widths, key=lambda width: abs(width - bins)):
        samples = width * symbol_samples / grid.size
        misfit = abs(samples / max(1, round(samples)) - 1) * width
        if misfit < best[2]:
            best = width, max(1, round(samples)), misfit
        if misfit < _MISFIT_SAMPLES:
            break
    return best[0], best[1]


@lru_cache(maxsize=64)
def _shape(bins: int) -> Real:
    offset = np.abs(np.arange(bins) - bins // 2) / (bins / 2)
    fall = np.clip((offset - PASS_SHARE) / (1 - PASS_SHARE), 0, 1)
    return (0.5 + 0.5 * np.cos(np.pi * fall)).astype(np.float32)


@lru_cache(maxsize=64)
def _signs(bins: int) -> Real:
    """What moves bin 0 to the middle of a transform of this length: its samples' signs."""
    signs: NDArray[np.float32] = (1 - 2 * (np.arange(bins) % 2)).astype(np.float32)
    return signs
