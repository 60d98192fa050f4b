"""Overlapping block spectra of a sample stream, shared by detection, slicing and cancelling.

Each block spans about eight symbols and starts four symbols after the one before:

    samples   |----H----|----H----|----H----|
    block 0   |=========N=========|
    block 1             |=========N=========|

so a preamble (20 symbols) fills four blocks, and the middle half of every block, transformed back
from a few bins only, is a clean narrow-band signal (overlap-save).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

BLOCK_SYMBOLS: Final = 8
SYMBOLS_PER_HOP: Final = BLOCK_SYMBOLS // 2
SMALL_PRIMES: Final = (2, 3, 5, 7, 11)

Complex = NDArray[np.complex64]
Real = NDArray[np.float32]


def fast_size(wanted: float) -> int:
    """The multiple of four nearest to `wanted` with small prime factors only: a fast FFT size."""
    nearest = max(4, 4 * round(wanted / 4))
    for distance in range(0, nearest, 4):
        for size in (nearest + distance, nearest - distance):
            if size > 0 and _is_smooth(size):
                return size
    msg = f"no size near {wanted}"
    raise ValueError(msg)


def _is_smooth(size: int) -> bool:
    for prime in SMALL_PRIMES:
        while size % prime == 0:
            size //= prime
    return size == 1


@dataclass(frozen=True, slots=True)
class Grid:
    """Where the blocks and bins of a stream lie.

    Attributes:
        rate_hz: Sample rate of the stream.
        bit_rate: Symbols per second that the block length is made for.
        size: Samples of a block (N).
        low_bin: First bin kept, counted from 0 Hz of the samples; may be negative.
        bins: How many bins are kept.
    """

    rate_hz: float
    bit_rate: int
    size: int
    low_bin: int
    bins: int

    @classmethod
    def cover(cls, rate_hz: float, bit_rate: int, low_hz: float, high_hz: float) -> Grid:
        """A grid that keeps [low_hz, high_hz] (relative to the centre of the samples)."""
        size = fast_size(BLOCK_SYMBOLS * rate_hz / bit_rate)
        low = max(-size // 2, int(np.floor(low_hz * size / rate_hz)))
        high = min(size // 2, int(np.ceil(high_hz * size / rate_hz)) + 1)
        return cls(rate_hz, bit_rate, size, low, high - low)

    @property
    def hop(self) -> int:
        """Samples from one block to the next."""
        return self.size // 2

    @property
    def bin_hz(self) -> float:
        """Width of a bin."""
        return self.rate_hz / self.size

    @property
    def symbol_samples(self) -> float:
        """Samples of a symbol."""
        return self.rate_hz / self.bit_rate

    def frequency_hz(self, position: float) -> float:
        """Frequency of a (fractional) position in the kept bins, relative to the centre."""
        return (self.low_bin + position) * self.bin_hz

    def position(self, frequency_hz: float) -> float:
        """Position in the kept bins of a frequency relative to the centre."""
        return frequency_hz / self.bin_hz - self.low_bin


class SpectraStore:
    """The newest block spectra of a stream, addressed by absolute block number."""

    def __init__(self, grid: Grid, *, capacity: int) -> None:
        self.grid = grid
        self._capacity = capacity
        self._ring = np.zeros((capacity, grid.bins), np.complex64)
        self.end = 0  # number of the next block
        self._ahead: dict[int, list[tuple[int, Complex]]] = {}

    @property
    def start(self) -> int:
        """Number of the oldest block still held."""
        return max(0, self.end - self._capacity)

    def append(self, spectra: Complex) -> None:
        """Take the spectra of the next blocks, all bins of each: shape (blocks, size)."""
        for number, spectrum in enumerate(spectra, start=self.end):
            self._keep(number, spectrum)
        self.end += spectra.shape[0]

    def _keep(self, number: int, spectrum: Complex) -> None:
        row = self._ring[number % self._capacity]
        low = self.grid.low_bin
        split = min(max(0, -low), row.size)  # so many bins lie below 0 Hz
        row[:split] = spectrum[low : low + split or None] if split else spectrum[:0]
        row[split:] = spectrum[max(0, low) : max(0, low) + row.size - split]
        for first_bin, gone in self._ahead.pop(number, ()):
            row[first_bin : first_bin + gone.size] -= gone

    def rows(self, first: int, last: int) -> Complex:
        """Spectra of blocks first ≤ number < last: shape (last - first, bins).

        Blocks that are gone or not there yet read as zero.
        """
        numbers = np.arange(first, last)
        there = (numbers >= self.start) & (numbers < self.end)
        rows = self._ring[numbers % self._capacity]
        rows[~there] = 0
        return rows

    def part(self, first: int, last: int, low: int, high: int) -> Complex:
        """As `rows`, but only bins low ≤ position < high; positions outside read as zero."""
        numbers = np.arange(first, last)
        there = (numbers >= self.start) & (numbers < self.end)
        inside_low, inside_high = max(0, low), min(self.grid.bins, high)
        part = np.zeros((numbers.size, high - low), np.complex64)
        if inside_low < inside_high:
            held = self._ring[numbers[there] % self._capacity, inside_low:inside_high]
            part[there, inside_low - low : inside_high - low] = held
        return part

    def subtract(self, first: int, low: int, spectra: Complex) -> None:
        """Take spectra (rows: blocks from `first`, columns: bins from `low`) out of the store.

        From blocks that are still to come they are taken when these are there.
        """
        inside_low, inside_high = max(0, low), min(self.grid.bins, low + spectra.shape[1])
        if inside_low >= inside_high:
            return
        for number, row in enumerate(spectra[:, inside_low - low : inside_high - low], start=first):
            if number >= self.end:
                self._ahead.setdefault(number, []).append((inside_low, row))
            elif number >= self.start:
                self._ring[number % self._capacity, inside_low:inside_high] -= row
