"""Find preambles in block spectra: two lines a quarter of the bit rate beside an empty carrier.

The preamble 1010… turns the phase every second symbol, a square wave of a quarter of the bit rate.
In a block of eight symbols its lines fall two bins below and above the carrier:

    bin      -2  -1   0  +1  +2
    power     #   .       .   #

The four blocks that a preamble fills are added in phase, for two carriers around each bin and two
around each middle between bins: a quarter of a bin apart, as fine as twenty symbols can tell.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from radio.dsp.spectra import Complex, Real

LINE_BINS: Final = 2
PREAMBLE_BLOCKS: Final = 4
# Energy of both lines over the noise density. Noise passes some 200 times a second over 192 kHz,
# a preamble at 2 dB is missed once in fifty times.
THRESHOLD: Final = 11.0
# A line may fade against the other and still be a preamble; a lone carrier or a slope may not.
BALANCE: Final = 0.08
# Closer than this two candidates are one. One line of a preamble and noise make another one four
# bins beside it, sometimes a stronger one: which is right only the header tells.
SAME_BINS: Final = 1.5
# Share of the power within five bins to either side that a preamble has in its two lines.
LEAST_SHARE: Final = 0.3
SHARE_BINS: Final = 5

# Carriers tried, in bins from the bin or from the middle after it.
_NEAR_BIN: Final = np.array([-0.125, 0.125])
_NEAR_MIDDLE: Final = np.array([0.375, 0.625])
_OFFSETS: Final = np.concatenate((_NEAR_BIN, _NEAR_MIDDLE))
# Neighbouring blocks share half their samples: so much of their noise is the same. Between two bins
# the difference of both is a block under a half-sine window, whose halves share less.
_SHARED_BY_BINS: Final = 0.5
_SHARED_BY_MIDDLES: Final = 1 / np.pi


def _phasors(offsets: NDArray[np.float64], centre: float, shared: float, power: float) -> Complex:
    """Weights of the four blocks for each carrier, scaled so that noise density comes out as 1."""
    number = np.arange(PREAMBLE_BLOCKS)
    weights = np.exp(-1j * np.pi * np.outer(offsets, number))
    neighbours = np.abs(number[:, None] - number) == 1
    turn = np.exp(1j * np.pi * centre * (number[:, None] - number))
    covariance = power * (np.eye(PREAMBLE_BLOCKS) + shared * neighbours * turn)
    gain = np.einsum("ki,ij,kj->k", weights, covariance, weights.conj()).real
    phasors: Complex = (weights / np.sqrt(gain)[:, None]).astype(np.complex64)
    return phasors


_BIN_PHASORS: Final = _phasors(_NEAR_BIN, 0.0, _SHARED_BY_BINS, 1.0)
_MIDDLE_PHASORS: Final = _phasors(_NEAR_MIDDLE, 0.5, _SHARED_BY_MIDDLES, 2.0)
# Power of a line in the blocks one by one over that of their sum in phase.
_LINE_GAIN: Final = PREAMBLE_BLOCKS / float(np.abs(_BIN_PHASORS[0]).sum() ** 2)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A place that looks like a preamble.

    Attributes:
        block: First of the four blocks that it fills.
        position: Its carrier among the kept bins, to a quarter of a bin.
        strength: Energy of the two lines over the noise density.
    """

    block: int
    position: float
    strength: float


@dataclass(frozen=True, slots=True)
class Place:
    """Part of the spectra: blocks and positions, each the first and one past the last."""

    blocks: tuple[int, int]
    positions: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Candidates:
    """Many candidates at once, strongest first; each field has shape (n,)."""

    block: NDArray[np.int64]
    position: NDArray[np.float64]
    strength: NDArray[np.float64]

    @classmethod
    def of(cls, items: Iterable[Candidate]) -> Candidates:
        """The same candidates as arrays."""
        rows = [(c.block, c.position, c.strength) for c in items]
        table = np.array(rows, np.float64).reshape(-1, 3)
        return cls(table[:, 0].astype(np.int64), table[:, 1], table[:, 2])

    def __iter__(self) -> Iterator[Candidate]:
        for block, position, strength in zip(
            self.block.tolist(), self.position.tolist(), self.strength.tolist(), strict=True
        ):
            yield Candidate(block, position, strength)

    def __getitem__(self, chosen: NDArray[np.generic] | slice) -> Candidates:
        return Candidates(self.block[chosen], self.position[chosen], self.strength[chosen])

    def joined(self, other: Candidates) -> Candidates:
        """These and the others, strongest first."""
        strength = np.concatenate((self.strength, other.strength))
        order = np.argsort(-strength, kind="stable")
        return Candidates(
            np.concatenate((self.block, other.block))[order],
            np.concatenate((self.position, other.position))[order],
            strength[order],
        )

    def moved(self, bins: int) -> Candidates:
        """The same candidates `bins` higher."""
        return Candidates(self.block, self.position + bins, self.strength)

    def within(self, place: Place) -> NDArray[np.bool_]:
        """Which lie in this place: shape (n,)."""
        inside: NDArray[np.bool_] = (
            (self.block >= place.blocks[0])
            & (self.block < place.blocks[1])
            & (self.position >= place.positions[0])
            & (self.position < place.positions[1])
        )
        return inside

    def near(self, other: Candidates) -> NDArray[np.bool_]:
        """Which pairs are too close in time and frequency to be two preambles: shape (n, m)."""
        apart = np.abs(self.position[:, None] - other.position)
        late = np.abs(self.block[:, None] - other.block)
        near: NDArray[np.bool_] = (late < PREAMBLE_BLOCKS) & (apart <= SAME_BINS)
        return near

    def thinned(self) -> Candidates:
        """Of those that describe the same preamble only the strongest."""
        near = self.near(self)
        alive = np.ones(self.block.size, np.bool_)
        for i in range(self.block.size):
            if alive[i]:
                alive[i + 1 :] &= ~near[i, i + 1 :]
        return self[alive]


def hann_power(rows: Complex) -> Real:
    """Power of each bin as a Hann window would have given it (three-term sum over the bins).

    Shape as `rows`; the outermost bins are zero.
    """
    power = np.zeros(rows.shape, np.float32)
    windowed = rows[:, 1:-1] - np.float32(0.5) * (rows[:, :-2] + rows[:, 2:])
    power[:, 1:-1] = np.float32(0.25) * bin_power(windowed)
    return power


def bin_power(rows: Complex) -> Real:
    """Power of each bin; shape as `rows`."""
    power: Real = rows.real**2
    power += rows.imag**2
    return power


def find_preambles(rows: Complex, floor: Real, first_block: int, low_bin: int) -> Candidates:
    """Candidates whose first block lies in `rows`, strongest first.

    Args:
        rows: Spectra; shape (blocks, bins), blocks from `first_block`. The last three rows only
            complete those before.
        floor: Noise power of a bin; shape (bins,).
        first_block: Absolute number of the first row.
        low_bin: Number of the first column in the stream, from 0 Hz.
    """
    if rows.shape[0] < PREAMBLE_BLOCKS:
        return Candidates.of(())
    power = _carrier_power(rows, low_bin)
    lines = power[..., : -2 * LINE_BINS] + power[..., 2 * LINE_BINS :]
    best = lines.max(axis=0)
    peak = best >= THRESHOLD * floor[LINE_BINS:-LINE_BINS]
    peak[:, 1:] &= best[:, 1:] >= best[:, :-1]
    peak[:, :-1] &= best[:, :-1] >= best[:, 1:]
    row, column = np.nonzero(peak)
    tried = lines[:, row, column].argmax(axis=0)
    low, high = power[tried, row, column], power[tried, row, column + 2 * LINE_BINS]
    good = np.minimum(low, high) >= BALANCE * (low + high)
    good &= low + high >= LEAST_SHARE * _power_around(rows, row, column + LINE_BINS)
    row, column, tried = row[good], column[good] + LINE_BINS, tried[good]
    strength = (low + high)[good].astype(np.float64) / floor[column]
    order = np.argsort(-strength, kind="stable")
    position = column + _OFFSETS[tried]
    return Candidates(first_block + row[order], position[order], strength[order])


def _carrier_power(rows: Complex, low_bin: int) -> Real:
    """Power of four blocks added in phase, for each carrier tried.

    Shape (4, blocks - 3, bins), the first axis as _OFFSETS.
    """
    count, bins = rows.shape
    # Blocks start half a block apart: an odd bin turns by half a circle from each to the next.
    first_odd = (low_bin + 1) % 2
    straight = rows.copy()
    straight[1::2, first_odd::2] *= -1
    between = rows[:, :-1] - rows[:, 1:]
    between[1::2, first_odd::2] *= -1
    power = np.zeros((_OFFSETS.size, count - PREAMBLE_BLOCKS + 1, bins), np.float32)
    for number, phasors in enumerate(_BIN_PHASORS):
        power[number] = bin_power(_added(straight, phasors))
    for number, phasors in enumerate(_MIDDLE_PHASORS, start=_NEAR_BIN.size):
        power[number, :, :-1] = bin_power(_added(between, phasors))
    return power


def _added(rows: Complex, phasors: Complex) -> Complex:
    # Not a product of matrices: the library would start threads for it, which costs far more.
    last = rows.shape[0] - PREAMBLE_BLOCKS + 1
    total: Complex = rows[:last] * phasors[0]
    for later in range(1, PREAMBLE_BLOCKS):
        total += rows[later : last + later] * phasors[later]
    return total


def _power_around(rows: Complex, row: NDArray[np.int64], centre: NDArray[np.int64]) -> Real:
    """Power within SHARE_BINS in the four blocks from each row on, as lines in phase would give."""
    bins = np.clip(centre[:, None] + np.arange(-SHARE_BINS, SHARE_BINS + 1), 0, rows.shape[1] - 1)
    blocks = row[:, None] + np.arange(PREAMBLE_BLOCKS)
    around = bin_power(rows[blocks[:, :, None], bins[:, None, :]])
    power: Real = around.sum(axis=(1, 2)) / np.float32(_LINE_GAIN)
    return power
