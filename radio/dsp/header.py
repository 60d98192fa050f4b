"""Recognise the header of a frame at a candidate: 33 known phase states, but for the type.

Preamble and frame type together hold twice the energy of the preamble alone, so what noise passed
as a preamble ends here. Many candidates are tried at once: the same few array operations serve all.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from radio.dsp.baseband import slice_shape
from radio.dsp.blas import LARGEST_PRODUCT
from radio.dsp.detect import Candidates
from radio.dsp.patterns import HEADER_TYPES, PATTERN_STATES, PATTERNS
from radio.dsp.spectra import BLOCK_SYMBOLS, SYMBOLS_PER_HOP, Complex, Real, SpectraStore
from radio.sigfox.frame_type import FrameClass

# Energy over noise density of the 33 states: noise passes every tenth second, a frame at 2 dB (52)
# is missed once in a hundred times.
LEAST_ENERGY: Final = 19.5
# Share of the energy of all 33 symbols that the pattern explains: strong noise is no frame.
LEAST_LIKENESS: Final = 0.30
# Where noise is no excuse, what explains less than half is a side band or stands under another one.
CLEAR_ENERGY: Final = 105.0
CLEAR_LIKENESS: Final = 0.50
# Below that, what the pattern leaves must be what noise leaves of 33 symbols, four deviations more
# at most: a frame of the other bit rate or a side band leaves more.
NOISE_REST: Final = 45.0
REST_SHARE: Final = 0.5
# From this strength of a preamble on it pays to look for fast drifts.
STRONG: Final = 30.0
SLOW_HZ_PER_S: Final = 20.0
FAST_HZ_PER_S: Final = 100.0

# The reference state begins at most ten symbols before the candidate's block and six after. Its
# samples come from these blocks.
_BLOCKS_BEFORE: Final = 3
_BLOCKS_AFTER: Final = 10
_BINS: Final = 32
# Every second symbol: the lines tell the clock but for two symbols.
_STARTS: Final = 8
# Symbol of a candidate's blocks at which its frequency was seen, half-way through the preamble.
ORIGIN_STATE: Final = 10.0
# Symbols from the first sample cut out to the candidate's block: a block gives its middle half.
_SYMBOLS_BEFORE: Final = _BLOCKS_BEFORE * SYMBOLS_PER_HOP - BLOCK_SYMBOLS // 4
# How many symbols after the candidate's block each start lies, the clock being 0 to 2.
_LATE: Final = 2.0 * np.arange(_STARTS) + 1 - _SYMBOLS_BEFORE
_FREQUENCY_STEP: Final = 0.008  # cycles per symbol
_FREQUENCY_STEPS: Final = 2
_DRIFT_STEP: Final = 0.002  # cycles per symbol per symbol

HEADER_BLOCKS: Final = _BLOCKS_AFTER
"""Blocks from a candidate's first until its header can be read."""


@dataclass(frozen=True, slots=True)
class Header:
    """A header that was recognised.

    Attributes:
        start: Stream sample at which the reference symbol begins.
        frame_class: Class of the frame.
        rank: Its rank.
        position: Carrier among the kept bins, at state ORIGIN_STATE.
        drift: Cycles per symbol per symbol, roughly.
        symbol_samples: Length of a symbol in stream samples.
        energy: Energy over noise density.
        likeness: Share of the symbols' energy that the pattern explains, 0 to 1.
    """

    start: float
    frame_class: FrameClass
    rank: int
    position: float
    drift: float
    symbol_samples: float
    energy: float
    likeness: float


@dataclass(frozen=True, slots=True)
class _Found:
    """The best header at each of some candidates; every field has shape (n,)."""

    start: NDArray[np.int64]
    kind: NDArray[np.int64]
    frequency: NDArray[np.float64]
    drift: NDArray[np.float64]
    energy: NDArray[np.float64]
    likeness: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _Bank:
    """Carriers at a few frequencies and drifts, to be taken away.

    A candidate's frequency was seen at its block: for each start the same carrier is elsewhere.
    `waves` has shape (starts, n, 33).
    """

    waves: Complex
    frequency: NDArray[np.float64]
    drift: NDArray[np.float64]

    @classmethod
    def reaching(cls, limit_hz_per_s: float, bit_rate: int) -> _Bank:
        steps = round(limit_hz_per_s / bit_rate**2 / _DRIFT_STEP)
        drift = _DRIFT_STEP * np.arange(-steps, steps + 1)
        frequency = _FREQUENCY_STEP * np.arange(-_FREQUENCY_STEPS, _FREQUENCY_STEPS + 1)
        f, d = (grid.ravel() for grid in np.meshgrid(frequency, drift))
        t = np.arange(PATTERN_STATES) + _LATE[:, None] - ORIGIN_STATE
        cycles = f[:, None] * t[:, None] + 0.5 * d[:, None] * t[:, None] ** 2
        waves = np.exp(-2j * np.pi * cycles)
        return cls(waves.astype(np.complex64), f, d)

    @property
    def at_once(self) -> int:
        """How many candidates are tried at once."""
        return max(1, LARGEST_PRODUCT // (self.frequency.size * PATTERNS.size))

    def best(self, windows: Complex, noise: NDArray[np.float64]) -> _Found:
        """The best header for each candidate; windows of shape (n, starts, 33)."""
        number = np.arange(noise.size)
        power = np.array([self._likeness(window) for window in windows])
        shape = power.shape[1:]
        place = power.reshape(noise.size, -1).argmax(axis=1)
        start, carrier, kind = np.unravel_index(place, shape)
        explained = power[number, start, carrier, kind] / PATTERN_STATES
        everything = np.square(np.abs(windows[number, start])).sum(axis=1)
        return _Found(
            start,
            kind,
            self.frequency[carrier],
            self.drift[carrier],
            explained / noise,
            explained / (everything + 1e-30),
        )

    def _likeness(self, windows: Complex) -> Real:
        """Power of each window's likeness to each header; (n, 33) to (n, carriers, types)."""
        straight = windows[:, None, :] * self.waves
        # Real products, and not too large: see LARGEST_PRODUCT.
        inphase = np.ascontiguousarray(straight.real) @ PATTERNS.T
        quadrature = np.ascontiguousarray(straight.imag) @ PATTERNS.T
        power: Real = inphase**2
        power += quadrature**2
        return power


class HeaderReader:
    """Recognises headers of one bit rate."""

    def __init__(self, store: SpectraStore) -> None:
        self._store, self._grid = store, store.grid
        bit_rate = store.grid.bit_rate
        self._slow = _Bank.reaching(SLOW_HZ_PER_S, bit_rate)
        self._fast = _Bank.reaching(FAST_HZ_PER_S, bit_rate)
        self._ratio = self._grid.symbol_samples / (self._grid.size / _BINS)

    def read(self, candidates: Candidates, noise: NDArray[np.float64]) -> list[Header | None]:
        """The header at each candidate, None where there is none.

        Args:
            candidates: All blocks of their headers must be there.
            noise: Noise power in bit-rate Hz at each, shape (n,).
        """
        fast = candidates.strength >= STRONG
        found: list[Header | None] = [None] * candidates.block.size
        for bank, chosen in (
            (self._slow, np.flatnonzero(~fast)),
            (self._fast, np.flatnonzero(fast)),
        ):
            for first in range(0, chosen.size, bank.at_once):
                some = chosen[first : first + bank.at_once]
                headers = self._match(bank, candidates[some], noise[some])
                for place, header in zip(some.tolist(), headers, strict=True):
                    found[place] = header
        return found

    def _match(
        self, bank: _Bank, candidates: Candidates, noise: NDArray[np.float64]
    ) -> list[Header | None]:
        samples = _cut(self._store, candidates)
        clock = self._clock(samples)
        windows = np.lib.stride_tricks.sliding_window_view(
            self._symbols(samples, clock), PATTERN_STATES, axis=1
        )[:, ::2]
        found = bank.best(windows, noise)
        # Starts are counted from the middle of the first block that was cut out.
        first = (candidates.block - _BLOCKS_BEFORE) * self._grid.hop + self._grid.size // 4
        start = first + (clock + 2 * found.start) * self._grid.symbol_samples
        needed = np.where(found.energy >= CLEAR_ENERGY, CLEAR_LIKENESS, LEAST_LIKENESS)
        passed = (found.energy >= LEAST_ENERGY) & (found.likeness >= needed)
        rest = found.energy * (1 / (found.likeness + 1e-30) - 1)
        passed &= (found.energy >= CLEAR_ENERGY) | (rest <= NOISE_REST + REST_SHARE * found.energy)
        late = clock + 2 * found.start - _SYMBOLS_BEFORE
        frequency = found.frequency + found.drift * late
        position = candidates.position + frequency * self._grid.bit_rate / self._grid.bin_hz
        return [
            Header(
                start=float(start[i]),
                frame_class=HEADER_TYPES[found.kind[i]].frame_class,
                rank=HEADER_TYPES[found.kind[i]].rank,
                position=float(position[i]),
                drift=float(found.drift[i]),
                symbol_samples=self._grid.symbol_samples,
                energy=float(found.energy[i]),
                likeness=float(found.likeness[i]),
            )
            if passed[i]
            else None
            for i in range(start.size)
        ]

    def _clock(self, samples: Complex) -> NDArray[np.float64]:
        """First state that may be the reference, in symbols from the first sample; 0 to 2.

        The middle between two equal states lies where both lines have the same phase.
        """
        per_symbol = self._ratio
        inside = slice(
            round(_SYMBOLS_BEFORE * per_symbol), round((_SYMBOLS_BEFORE + 20) * per_symbol)
        )
        turns = np.exp(-0.5j * np.pi * np.arange(samples.shape[1])[inside] / per_symbol)
        upper = samples[:, inside] @ turns.astype(np.complex64)
        lower = samples[:, inside] @ turns.conj().astype(np.complex64)
        middle = -np.angle(upper * np.conj(lower)) / np.pi
        clock: NDArray[np.float64] = np.mod(middle - 1, 2.0)
        return clock

    def _symbols(self, samples: Complex, clock: NDArray[np.float64]) -> Complex:
        """Means of the symbols from the clock on, shape (n, enough for all starts)."""
        running = np.zeros((samples.shape[0], samples.shape[1] + 1), np.complex64)
        np.cumsum(samples, axis=1, out=running[:, 1:])
        count = PATTERN_STATES + 2 * (_STARTS - 1)
        # A sample stands for the time half a step before and after it.
        edges = (clock[:, None] + np.arange(count + 1)) * self._ratio + 0.5
        whole = edges.astype(np.int64)
        share = (edges - whole).astype(np.float32)
        rows = np.arange(samples.shape[0])[:, None]
        sums = running[rows, whole] * (1 - share) + running[rows, whole + 1] * share
        symbols: Complex = (sums[:, 1:] - sums[:, :-1]).astype(np.complex64, copy=False)
        return symbols / np.float32(self._ratio)


def _cut(store: SpectraStore, candidates: Candidates) -> Complex:
    """Baseband around each candidate's carrier, shape (n, samples)."""
    grid = store.grid
    centre = np.rint(candidates.position).astype(np.int64)
    blocks = candidates.block[:, None] + np.arange(-_BLOCKS_BEFORE, _BLOCKS_AFTER)
    part = store.parts(blocks, centre - _BINS // 2, _BINS) * slice_shape(_BINS)
    odd = (grid.low_bin + centre)[:, None] * blocks % 2
    part *= np.where(odd == 1, -1, 1)[:, :, None].astype(np.float32)
    pieces = np.fft.ifft(np.fft.ifftshift(part, axes=2), axis=2)
    middle = pieces[:, :, _BINS // 4 : _BINS // 4 + _BINS // 2].reshape(centre.size, -1)
    rest = (candidates.position - centre) / _BINS
    number = np.arange(middle.shape[1])
    turned = middle * np.exp(-2j * np.pi * np.outer(rest, number)).astype(np.complex64)
    samples: Complex = turned * np.float32(_BINS / grid.size)
    return samples
