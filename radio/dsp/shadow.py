"""Which candidates may be no more than side lobes of stronger ones: they stand in their shadow."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from radio.dsp.acquire import HEAD_STATES
from radio.dsp.detect import PREAMBLE_BLOCKS, THRESHOLD, Candidates, Place
from radio.dsp.spectra import SYMBOLS_PER_HOP

# Within this many bins a signal much stronger hides all others; farther off the lines of a preamble
# with sharp phase turns fall with the square of the distance, with a margin of three.
OWN_BINS: Final = 6
OWN_SHARE: Final = 1 / 3
SIDE_LOBES: Final = 3.0 * 2**2
HEAD_BLOCKS: Final = HEAD_STATES // SYMBOLS_PER_HOP


def reach_of(strength: float) -> int:
    """Bins to either side where side lobes are strong enough to be candidates."""
    return max(OWN_BINS, int((SIDE_LOBES * strength / THRESHOLD) ** 0.5))


def still_stand(known: Candidates, found: Candidates, cleaned: Place | None) -> NDArray[np.bool_]:
    """Which candidates are found again, or lie where nothing was cleaned: shape (n,)."""
    if cleaned is None:
        return np.ones(known.block.size, np.bool_)
    standing: NDArray[np.bool_] = ~known.within(cleaned) | np.any(known.near(found), axis=1)
    return standing


def outdone(candidates: Candidates, others: Candidates) -> NDArray[np.bool_]:
    """Which candidates are a worse sight of one of the others, or no more than its side lobes."""
    stronger = candidates.strength[:, None] < others.strength
    worse: NDArray[np.bool_] = np.any(candidates.near(others) & stronger, axis=1)
    return worse | hidden(candidates, others, others.block + HEAD_BLOCKS)


def hidden(
    candidates: Candidates, others: Candidates, last_block: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Which candidates may be no more than side lobes of these others: shape (n,)."""
    block = candidates.block[:, None]
    together = (block >= others.block - PREAMBLE_BLOCKS) & (block <= last_block)
    distance = np.abs(candidates.position[:, None] - others.position)
    reach = np.where(distance <= OWN_BINS, OWN_SHARE, SIDE_LOBES / np.maximum(1, distance) ** 2)
    weaker = candidates.strength[:, None] < others.strength * reach
    below: NDArray[np.bool_] = np.any(together & weaker, axis=1)
    return below
