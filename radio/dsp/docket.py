"""Which bursts are being worked on, which wait, and which stand in the shadow of a stronger one.

    candidate --header recognised--> open --frame over--> read --decoded--> gone
                                       ^                    |
                                       |                    v
                                       +--stronger gone-- aside --too old--> forgotten

A strong frame hides weak ones under its side lobes, and its side lobes look like preambles. So a
candidate far below a stronger one nearby is put off; once the strong frame was taken out of the
spectra, its surroundings are searched again and what had failed there gets another try.
"""

from __future__ import annotations

from collections import deque
from typing import Final

import numpy as np

from radio.dsp.burst import Burst, is_near, is_same
from radio.dsp.detect import PREAMBLE_BLOCKS, Candidate, Candidates, Place
from radio.dsp.header import HEADER_BLOCKS, Header
from radio.dsp.heard import Heard
from radio.dsp.shadow import HEAD_BLOCKS, hidden, outdone, still_stand

# A wideband burst or a thunderstorm is full of places that look like preambles. Only the strongest
# are tried, so that the receiver keeps up; noise needs 200 in a second, 270 devices as many again.
MOST_PER_S: Final = 600
MOST_CLEANED: Final = 24
# Candidates wait so long for others, whose headers are then read together.
PATIENT_BLOCKS: Final = 4
MOST_OPEN: Final = 512
_MOST_SIFTED: Final = 256
# Candidates of the last seconds even on a crowded band; an older one is gone from the store.
_REMEMBERED: Final = 512


class Docket:
    """All bursts in hand.

    Attributes:
        admitted: How many candidates were ever taken: the work that the air has made.
    """

    def __init__(self) -> None:
        self._waiting = Candidates.of(())  # for the rest of their headers
        self.admitted = 0
        self._open: list[Burst] = []
        self._aside: list[Burst] = []
        self._gone: deque[Candidate] = deque(maxlen=_REMEMBERED)

    def admit(
        self,
        candidates: Candidates,
        *,
        most: int,
        cleaned: Place | None = None,
        anew: bool = False,
    ) -> None:
        """Take the candidates that are new and no mere side lobes.

        Args:
            candidates: Strongest first.
            most: No more than these.
            cleaned: Where something was taken out before they were sought. What was in hand there
                and is not found again may have been its side lobe: it hides nothing any more.
            anew: Not even what was found again there hides anything: it may have been taken for
                something else.
        """
        held = [] if anew else self._open
        bursts = Candidates.of(burst.candidate for burst in held)
        stands = still_stand(bursts, candidates, cleaned)
        ends = np.array([burst.due_block for burst in held], np.int64)[stands]
        bursts = bursts[stands]
        # A header that was read before something was taken out there is read anew.
        aside = [] if anew else [burst.candidate for burst in self._aside if not burst.stale]
        settled = Candidates.of([*self._gone, *aside])
        new = candidates[:_MOST_SIFTED]
        known = np.any(new.near(settled), axis=1) | np.any(new.near(bursts), axis=1)
        new = new[~known].thinned()
        new = new[~hidden(new, bursts, ends)]
        stands = still_stand(self._waiting, candidates, cleaned)
        waiting, doubtful = self._waiting[stands], self._waiting[~stands]
        new = new[~outdone(new, waiting) & ~hidden(new, new, new.block + HEAD_BLOCKS)]
        # A preamble that was seen before all of it had come is seen better now, and what its first
        # part splattered to the sides is known for what it is.
        waiting = waiting[~outdone(waiting, new)].joined(doubtful)
        new = new[:most]
        self.admitted += new.block.size
        self._waiting = waiting.joined(new)[:MOST_OPEN]

    def headers_due(self, end_block: int) -> Candidates:
        """Candidates whose headers need no block from `end_block` on; they wait no longer.

        None before the first of them has waited for others: many at once cost less each.
        """
        waited = end_block - HEADER_BLOCKS - self._waiting.block
        if waited.max(initial=-1) < PATIENT_BLOCKS:
            return Candidates.of(())
        due = waited >= 0
        chosen, self._waiting = self._waiting[due], self._waiting[~due]
        return chosen

    def open(self, candidate: Candidate, header: Header, due_block: int) -> None:
        """Go on with a candidate whose header was recognised, unless it is known already."""
        burst = Burst(candidate, header, due_block)
        same = [one for one in [*self._open, *self._aside] if is_same(one.header, header)]
        stronger = [one for one in same if one.header.energy >= header.energy]
        if not all(one.stale for one in stronger):
            return
        for other in same:
            # A weaker image does not tell anything new about a header that was read before.
            if other in stronger and not is_near(other.header, header):
                continue
            if other in self._open:
                self._open.remove(other)
            elif other.stale:
                self._aside.remove(other)
                burst.heard, burst.retries = other.heard, other.retries
        if len(self._open) < MOST_OPEN:
            self._open.append(burst)

    def due(self, end_block: int) -> Burst | None:
        """The strongest burst whose reading needs no block from `end_block` on."""
        ready = (burst for burst in self._open if burst.due_block < end_block)
        return max(ready, key=lambda burst: burst.candidate.strength, default=None)

    def put_aside(self, burst: Burst) -> None:
        """Keep a burst that failed: a stronger one may stand in its way."""
        self._open.remove(burst)
        self._aside.append(burst)

    def remove(self, burst: Burst) -> None:
        """A burst was taken out of the spectra: try again what it stood in the way of."""
        for place in (self._open, self._aside):
            if burst in place:
                place.remove(burst)
        self._gone.append(burst.candidate)
        first = burst.candidate.block - PREAMBLE_BLOCKS
        self.free(first, burst.due_block, burst.candidate.position, burst.reach)

    def free(self, first_block: int, last_block: int, position: float, reach: float) -> None:
        """Try again what failed while something was on the air that now is taken out."""
        freed = [
            other
            for other in self._aside
            if other.retries
            and first_block <= other.due_block
            and other.candidate.block <= last_block
            and abs(other.candidate.position - position) <= reach
        ]
        for other in freed:
            other.retries -= 1
            other.stale = True
        again = Candidates.of(other.candidate for other in freed)
        self._waiting = self._waiting.joined(again)[:MOST_OPEN]

    def burst_of(self, heard: Heard) -> Burst | None:
        """The burst that reading had made this of."""
        bursts = [*self._aside, *self._open]
        return next((one for one in bursts if one.heard and heard in one.heard.readings), None)

    def expire(self, oldest_block: int) -> None:
        """Forget what was put aside and lies before `oldest_block`."""
        self._aside = [burst for burst in self._aside if burst.candidate.block >= oldest_block]
