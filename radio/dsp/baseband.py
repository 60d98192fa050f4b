"""Narrow-band signals cut out of block spectra, and the symbols integrated from them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from radio.dsp.carrier import Carrier, Phases
from radio.dsp.spectra import Complex, Grid, Real, SpectraStore

NARROW_BINS: Final = 128  # sixteen samples per symbol
PASS_SHARE: Final = 0.62  # flat part of a slice; the rest falls to zero as a raised cosine


@dataclass(frozen=True, slots=True)
class Baseband:
    """A narrow-band signal around one carrier.

    Attributes:
        samples: Shape (n,), complex64, scaled as the samples of the stream.
        rate_hz: Its sample rate.
        start: Stream sample at samples[0].
        frequency_hz: Stream frequency (relative to its centre) at 0 Hz here.
    """

    samples: Complex
    rate_hz: float
    start: float
    frequency_hz: float


def slice_baseband(
    store: SpectraStore, *, start: float, stop: float, position: int, bins: int = NARROW_BINS
) -> Baseband:
    """Cut `bins` bins around `position` out of the blocks that cover stream samples [start, stop).

    Each block gives the middle half of its inverse transform: what wraps around at its ends is
    thrown away.
    """
    grid = store.grid
    quarter = grid.size // 4
    first = int((start - quarter) // grid.hop)
    last = max(first + 1, int(-((quarter - stop) // grid.hop)))
    part = store.part(first, last, position - bins // 2, position - bins // 2 + bins)
    part *= slice_shape(bins)
    part *= _block_phases(grid, position, first, last)[:, None]
    pieces = np.fft.ifft(np.fft.ifftshift(part, axes=1), axis=1)
    pieces *= np.float32(bins / grid.size)
    middle = pieces[:, bins // 4 : bins // 4 + bins // 2]
    return Baseband(
        samples=middle.reshape(-1).astype(np.complex64, copy=False),
        rate_hz=grid.rate_hz * bins / grid.size,
        start=first * grid.hop + quarter,
        frequency_hz=grid.frequency_hz(position),
    )


@dataclass(frozen=True, slots=True)
class Chirp:
    """A straight carrier in stream time.

    Attributes:
        carrier: Its origin counted in symbols from `start`.
        start: Stream sample at which symbol 0 begins; the phase of a symbol is that at its middle.
        symbol_samples: Length of a symbol in stream samples.
    """

    carrier: Carrier
    start: float
    symbol_samples: float

    def phase(self, at: NDArray[np.float64]) -> Phases:
        """Phase at these stream samples, rad."""
        return self.carrier.phase(self._number(at))

    def frequency(self, at: float) -> float:
        """Cycles per symbol at this stream sample."""
        number = float(self._number(np.array(at)))
        return self.carrier.frequency + self.carrier.drift * (number - self.carrier.origin)

    def _number(self, at: NDArray[np.float64]) -> NDArray[np.float64]:
        number: NDArray[np.float64] = (at - self.start) / self.symbol_samples - 0.5
        return number


def straightened(signal: Baseband, chirp: Chirp, stream_rate_hz: float) -> Baseband:
    """The signal with a carrier taken away.

    A symbol's mean over a carrier that has drifted half a bit rate away would be nothing.
    """
    step = stream_rate_hz / signal.rate_hz
    at = signal.start + step * np.arange(float(signal.samples.size))
    turned = signal.samples * np.exp(-1j * chirp.phase(at)).astype(np.complex64)
    return replace(signal, samples=turned)


@lru_cache(maxsize=16)
def slice_shape(bins: int) -> Real:
    """Weights of the bins of a slice: flat in the middle, falling to zero. Shape (bins,)."""
    offset = np.abs(np.arange(bins) - bins // 2) / (bins / 2)
    fall = np.clip((offset - PASS_SHARE) / (1 - PASS_SHARE), 0, 1)
    return (0.5 + 0.5 * np.cos(np.pi * fall)).astype(np.float32)


def _block_phases(grid: Grid, position: int, first: int, last: int) -> Real:
    """Blocks start half a block apart: an odd bin turns by half a circle from each to the next."""
    odd = (grid.low_bin + position) % 2
    return np.where(odd * np.arange(first, last) % 2, -1, 1).astype(np.float32)


class Integrator:
    """Means of a baseband signal between any two instants: the matched filter of a flat symbol.

    One running sum serves every trial of timing.
    """

    def __init__(self, baseband: Baseband, stream_rate_hz: float) -> None:
        self._step = stream_rate_hz / baseband.rate_hz
        self._start = baseband.start
        self._running = np.zeros(baseband.samples.size + 1, np.complex128)
        np.cumsum(baseband.samples, out=self._running[1:])

    def means(self, edges: NDArray[np.float64]) -> NDArray[np.complex128]:
        """Mean of the signal between neighbouring edges.

        Args:
            edges: Rising stream samples, shape (..., n + 1); what lies outside is silence.

        Returns:
            Shape (..., n).
        """
        # A sample stands for the time half a step before and after it.
        index = (edges - self._start) / self._step + 0.5
        clipped = np.clip(index, 0, self._running.size - 1)
        whole = np.minimum(clipped.astype(np.int64), self._running.size - 2)
        share = clipped - whole
        sums = self._running[whole] * (1 - share) + self._running[whole + 1] * share
        means: NDArray[np.complex128] = np.diff(sums, axis=-1) / np.diff(index, axis=-1)
        return means
