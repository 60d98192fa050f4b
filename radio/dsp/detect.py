"""Find preambles in block spectra: two lines a quarter of the bit rate beside an empty carrier.

The preamble 1010… turns the phase every second symbol, a square wave of a quarter of the bit rate.
In a block of eight symbols its lines fall two bins below and above the carrier:

    bin      -2  -1   0  +1  +2
    power     #   .       .   #      summed over the four blocks that a preamble fills
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
# 8 cells summed, about 5 of them independent: noise passes about once in 60 000 places, a handful
# of false candidates a second over 192 kHz, each dismissed in about a millisecond.
THRESHOLD: Final = 4.0
# A line may fade against the other and still be a preamble; a lone carrier or a slope may not.
BALANCE: Final = 0.12
HOLLOW: Final = 0.7


@dataclass(frozen=True, slots=True)
class Candidate:
    """A place that looks like a preamble.

    Attributes:
        block: First of the four blocks that it fills.
        position: Its carrier among the kept bins.
        strength: Power of the two lines over the noise floor, per bin.
    """

    block: int
    position: int
    strength: float


@dataclass(frozen=True, slots=True)
class Candidates:
    """Many candidates at once, strongest first; each field has shape (n,)."""

    block: NDArray[np.int64]
    position: NDArray[np.int64]
    strength: NDArray[np.float64]

    @classmethod
    def of(cls, items: Iterable[Candidate]) -> Candidates:
        """The same candidates as arrays."""
        rows = [(c.block, c.position, c.strength) for c in items]
        table = np.array(rows, np.float64).reshape(-1, 3)
        return cls(table[:, 0].astype(np.int64), table[:, 1].astype(np.int64), table[:, 2])

    def __iter__(self) -> Iterator[Candidate]:
        for block, position, strength in zip(
            self.block.tolist(), self.position.tolist(), self.strength.tolist(), strict=True
        ):
            yield Candidate(block, position, strength)

    def __getitem__(self, chosen: NDArray[np.generic]) -> Candidates:
        return Candidates(self.block[chosen], self.position[chosen], self.strength[chosen])

    def moved(self, bins: int) -> Candidates:
        """The same candidates `bins` higher."""
        return Candidates(self.block, self.position + bins, self.strength)

    def near(self, other: Candidates) -> NDArray[np.bool_]:
        """Which pairs are too close in time and frequency to be two preambles: shape (n, m)."""
        apart = np.abs(self.position[:, None] - other.position)
        late = np.abs(self.block[:, None] - other.block)
        near: NDArray[np.bool_] = (late <= PREAMBLE_BLOCKS) & (apart <= 2 * LINE_BINS)
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
    power[:, 1:-1] = np.float32(0.25) * (windowed.real**2 + windowed.imag**2)
    return power


def find_preambles(power: Real, floor: Real, first_block: int) -> Candidates:
    """Candidates whose first block lies in `power`.

    Args:
        power: Hann power; shape (blocks, bins), blocks from `first_block`. The last three rows
            only complete those before.
        floor: Noise power of a bin; shape (bins,).
        first_block: Absolute number of the first row.
    """
    rows = power.shape[0] - PREAMBLE_BLOCKS + 1
    if rows < 1:
        return Candidates.of(())
    folded = power[:rows].copy()
    for later in range(1, PREAMBLE_BLOCKS):
        folded += power[later : later + rows]
    lines = folded[:, : -2 * LINE_BINS] + folded[:, 2 * LINE_BINS :]
    needed = (2 * PREAMBLE_BLOCKS * THRESHOLD) * floor[LINE_BINS:-LINE_BINS]
    peak = lines >= needed
    peak[:, 1:] &= lines[:, 1:] >= lines[:, :-1]
    peak[:, :-1] &= lines[:, :-1] >= lines[:, 1:]
    row, column = np.nonzero(peak)
    both, carrier = lines[row, column], folded[row, column + LINE_BINS]
    weaker = np.minimum(folded[row, column], folded[row, column + 2 * LINE_BINS])
    plausible = (weaker >= BALANCE * (both - weaker)) & (carrier <= HOLLOW * 0.5 * both)
    row, column, both = row[plausible], column[plausible], both[plausible]
    strength = THRESHOLD * both.astype(np.float64) / needed[column]
    order = np.argsort(-strength, kind="stable")
    return Candidates(first_block + row[order], column[order] + LINE_BINS, strength[order])
