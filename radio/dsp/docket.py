"""Which bursts are being worked on, which wait, and which stand in the shadow of a stronger one.

A strong frame hides weak ones under its side lobes, and its side lobes look like preambles. So a
candidate far below a stronger one nearby is put off; once the strong frame was taken out of the
spectra, its surroundings are searched again and what had failed there gets another try.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from itertools import islice
from typing import Final

import numpy as np
from numpy.typing import NDArray

from radio.dsp.acquire import CLOCK_STATES, HEAD_STATES, Acquired
from radio.dsp.detect import PREAMBLE_BLOCKS, THRESHOLD, Candidate, Candidates
from radio.dsp.report import Undecoded
from radio.dsp.spectra import BLOCK_SYMBOLS, SYMBOLS_PER_HOP

# Blocks from a candidate's first until its head can be cut out: a block gives its middle half. Not
# one more than that needs, for the shortest frame is no longer than its head, and somebody waits.
HEAD_BLOCKS: Final = -(-(HEAD_STATES + CLOCK_STATES - 3 * BLOCK_SYMBOLS // 4) // SYMBOLS_PER_HOP)
# Within this many bins two signals are one; farther off the lines of a preamble with sharp phase
# turns fall with the square of the distance, with a margin of three.
OWN_BINS: Final = 6
SIDE_LOBES: Final = 3.0 * 2**2
MOST_RETRIES: Final = 4
# A wideband burst or a thunderstorm is full of places that look like preambles. Only the strongest
# are tried, so that the receiver keeps up; 270 devices at once need 6 in the time of a run.
MOST_AT_ONCE: Final = 16
MOST_OPEN: Final = 512
_MOST_SIFTED: Final = 256
# Candidates of the last seconds even on a crowded band; an older one is gone from the store.
_REMEMBERED: Final = 512


@dataclass(slots=True)
class Burst:
    """A candidate on its way through the stages.

    Attributes:
        due_block: The next stage can begin when this block is there.
        options: What acquiring made of it, most probable first; empty before.
        failure: Why the most probable did not decode.
        retries: How often it may be tried again.
    """

    candidate: Candidate
    due_block: int
    options: list[Acquired] = field(default_factory=list)
    failure: Undecoded | None = None
    retries: int = MOST_RETRIES

    @property
    def last_block(self) -> int:
        """Last block that it reaches into, as far as known."""
        return max(self.due_block, self.candidate.block + HEAD_BLOCKS)

    @property
    def reach(self) -> int:
        """Bins to either side where its side lobes are strong enough to be candidates."""
        return max(OWN_BINS, int((SIDE_LOBES * self.candidate.strength / THRESHOLD) ** 0.5))


class Docket:
    """All bursts in hand."""

    def __init__(self) -> None:
        self._open: list[Burst] = []
        self._aside: list[Burst] = []
        self._tried: deque[Candidate] = deque(maxlen=_REMEMBERED)

    def admit(self, candidates: Candidates) -> None:
        """Take the candidates that are new and no mere side lobes."""
        known = np.any(candidates.near(Candidates.of(self._tried)), axis=1)
        new = candidates[np.flatnonzero(~known)[:_MOST_SIFTED]].thinned()
        bursts = Candidates.of(burst.candidate for burst in self._open)
        ends = np.array([burst.last_block for burst in self._open], np.int64)
        new = new[~_hidden(new, bursts, ends)]
        new = new[~_hidden(new, new, new.block + HEAD_BLOCKS)]
        # A preamble that was seen before all of it had come is seen better now, and what its first
        # part splattered to the sides is known for what it is.
        again = np.any(bursts.near(new), axis=1) | _hidden(bursts, new, new.block + HEAD_BLOCKS)
        self._open = [
            burst
            for burst, better in zip(self._open, again.tolist(), strict=True)
            if burst.options or not better
        ]
        room = max(0, min(MOST_AT_ONCE, MOST_OPEN - len(self._open)))
        self._open += [
            Burst(candidate, candidate.block + HEAD_BLOCKS) for candidate in islice(new, room)
        ]

    def due(self, end_block: int) -> Burst | None:
        """The strongest burst whose next stage needs no block from `end_block` on."""
        ready = (burst for burst in self._open if burst.due_block < end_block)
        return max(ready, key=lambda burst: burst.candidate.strength, default=None)

    def tried(self, burst: Burst) -> None:
        """Its preamble is being read: the same place is no new candidate any more."""
        self._tried.append(burst.candidate)

    def put_aside(self, burst: Burst) -> None:
        """Keep a burst that failed: a stronger one may stand in its way."""
        self._open.remove(burst)
        self._aside.append(burst)

    def remove(self, burst: Burst) -> None:
        """A burst was taken out of the spectra: try again what it stood in the way of."""
        self._open.remove(burst)
        freed = [other for other in self._aside if other.retries and _overlap(burst, other)]
        for other in freed:
            other.retries -= 1
            self._aside.remove(other)
        self._open += freed

    def expire(self, oldest_block: int) -> list[Undecoded]:
        """Forget what was put aside and lies before `oldest_block`; tell why it failed."""
        lost = [burst for burst in self._aside if burst.candidate.block < oldest_block]
        self._aside = [burst for burst in self._aside if burst.candidate.block >= oldest_block]
        return [burst.failure for burst in lost if burst.failure is not None]


def _overlap(gone: Burst, other: Burst) -> bool:
    first = gone.candidate.block - PREAMBLE_BLOCKS
    together = first <= other.last_block and other.candidate.block <= gone.last_block
    return together and abs(other.candidate.position - gone.candidate.position) <= gone.reach


def _hidden(
    candidates: Candidates, others: Candidates, last_block: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Which candidates may be no more than side lobes of these others: shape (n,)."""
    block = candidates.block[:, None]
    together = (block >= others.block - PREAMBLE_BLOCKS) & (block <= last_block)
    distance = np.abs(candidates.position[:, None] - others.position)
    reach = np.where(distance <= OWN_BINS, 1.0, SIDE_LOBES / np.maximum(1, distance) ** 2)
    weaker = candidates.strength[:, None] < others.strength * reach
    hidden: NDArray[np.bool_] = np.any(together & weaker, axis=1)
    return hidden
