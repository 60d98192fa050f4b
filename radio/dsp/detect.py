"""Find preambles in block spectra: two lines a quarter of the bit rate beside an empty carrier.

The preamble 1010… turns the phase every second symbol, a square wave of a quarter of the bit rate. In a
block of eight symbols its lines fall two bins below and above the carrier:

    bin      -2  -1   0  +1  +2
    power     #   .       .   #      summed over the four blocks that a preamble fills
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

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


def hann_power(rows: Complex) -> Real:
    """Power of each bin as a Hann window would have given it (three-term sum over the bins).

    Shape as `rows`; the outermost bins are zero.
    """
    power = np.zeros(rows.shape, np.float32)
    windowed = rows[:, 1:-1] - np.float32(0.5) * (rows[:, :-2] + rows[:, 2:])
    power[:, 1:-1] = np.float32(0.25) * (windowed.real**2 + windowed.imag**2)
    return power


def find_preambles(power: Real, floor: Real, first_block: int) -> list[Candidate]:
    """Candidates whose first block lies in `power`, strongest first.

    Args:
        power: Hann power; shape (blocks, bins), blocks from `first_block`. The last
            PREAMBLE_BLOCKS - 1 + 1 rows only complete those before.
        floor: Noise power of a bin; shape (bins,).
        first_block: Absolute number of the first row.
    """
    rows = power.shape[0] - PREAMBLE_BLOCKS + 1
    if rows < 1:
        return []
    folded = power[:rows].copy()
    for later in range(1, PREAMBLE_BLOCKS):
        folded += power[later : later + rows]
    below, above = folded[:, : -2 * LINE_BINS], folded[:, 2 * LINE_BINS :]
    strength = (below + above) / (2 * PREAMBLE_BLOCKS * floor[LINE_BINS:-LINE_BINS])
    hits = np.argwhere(strength >= THRESHOLD)
    if hits.size == 0:
        return []
    row, column = hits[:, 0], hits[:, 1]
    low, high = below[row, column], above[row, column]
    carrier = folded[row, column + LINE_BINS]
    plausible = (np.minimum(low, high) >= BALANCE * np.maximum(low, high)) & (
        carrier <= HOLLOW * 0.5 * (low + high)
    )
    row, column = row[plausible], column[plausible]
    values = strength[row, column]
    order = np.argsort(-values)
    return [
        Candidate(first_block + int(row[i]), int(column[i]) + LINE_BINS, float(values[i]))
        for i in order
    ]


def thin_out(candidates: list[Candidate]) -> list[Candidate]:
    """Of candidates that describe the same preamble keep the strongest; expects strongest first."""
    kept: list[Candidate] = []
    for candidate in candidates:
        if not any(same_preamble(candidate, other) for other in kept):
            kept.append(candidate)
    return kept


def same_preamble(one: Candidate, other: Candidate) -> bool:
    """Whether two candidates are too near in time and frequency to be two preambles."""
    return abs(one.block - other.block) <= PREAMBLE_BLOCKS and abs(
        one.position - other.position
    ) <= 2 * LINE_BINS
