"""One bit rate in one band: detect, decode when a frame is over, cancel, look again."""

from __future__ import annotations

from typing import Final

import numpy as np

from radio.dsp.acquire import LONGEST_STATES
from radio.dsp.burst import Burst
from radio.dsp.cancel import Known, cancel
from radio.dsp.cover import Cover, Covers, cover_of
from radio.dsp.detect import PREAMBLE_BLOCKS, Candidates, Place, find_preambles, hann_power
from radio.dsp.docket import MOST_CLEANED, MOST_PER_S, Docket
from radio.dsp.floor import NoiseFloor, noise_of
from radio.dsp.header import CLEAR_ENERGY, HEADER_BLOCKS, Header
from radio.dsp.heard import Heard
from radio.dsp.join import Joiner
from radio.dsp.local_noise import HANN_POWER, LocalNoise
from radio.dsp.reader import FrameReader
from radio.dsp.replicas import KnownMessages, Replica
from radio.dsp.report import Decoded, Undecoded
from radio.dsp.shadow import OWN_BINS
from radio.dsp.spectra import SYMBOLS_PER_HOP, Complex, Grid, Real, SpectraStore
from radio.dsp.taker import FrameTaker
from radio.sigfox.replica_timing import longest_hold_s

# A frame waits for its end, and is looked for again once a stronger one beside it was taken out.
STORE_BLOCKS: Final = 3 * LONGEST_STATES // SYMBOLS_PER_HOP
LONGEST_BLOCKS: Final = LONGEST_STATES // SYMBOLS_PER_HOP
# Blocks searched at once, at least: nothing waits for them, for headers come later than preambles.
SEARCHED_BLOCKS: Final = 4


class Chain:
    """Receives one bit rate in one band.

    Args:
        grid: Blocks of this bit rate, and the bins of the band.
        center_hz: Radio frequency at 0 Hz of the samples.
        first_sample: Index of the first sample of the first block.
        hold_s: How far back at least a frame of another bit rate may begin that is taken out.
        sensing_s: Devices may listen before they talk for so long, over all frames of a message.
    """

    def __init__(
        self,
        *,
        grid: Grid,
        center_hz: float,
        first_sample: int,
        hold_s: float = 0.0,
        sensing_s: float = 0.0,
    ) -> None:
        capacity = max(STORE_BLOCKS, int(hold_s * grid.rate_hz / grid.hop))
        self._store = SpectraStore(grid, capacity=capacity)
        self._floor = NoiseFloor(grid.bins)
        self._noise = LocalNoise(self._floor, grid)
        self._taker = FrameTaker(
            self._store, self._noise, center_hz=center_hz, first_sample=first_sample
        )
        self._reader = FrameReader(self._store, self._noise, self._taker)
        self._docket = Docket()
        self._joiner = Joiner(grid.bit_rate, grid.rate_hz, sensing_s=sensing_s)
        self._messages = KnownMessages(longest_hold_s(grid.bit_rate, sensing_s) * grid.rate_hz)
        self._recognised: list[Cover] = []
        self._covers = Covers()
        self._scanned = 0  # blocks below this one were searched for the first of a preamble

    @property
    def candidates(self) -> int:
        """Places so far that looked like a preamble."""
        return self._docket.admitted

    @property
    def floor_dbfs_per_hz(self) -> Real:
        """Noise floor of each bin; empty until a block was heard."""
        if not self._floor.known:
            return np.zeros(0, np.float32)
        per_hz: Real = self._noise.per_hz(1.0) * self._floor.per_bin
        in_db: Real = 10 * np.log10(per_hz)
        return in_db

    def with_company(self) -> list[Known]:
        """Frames taken out since the last call that may have covered others."""
        known, self._taker.with_company = self._taker.with_company, []
        return known

    def recognised(self) -> list[Cover]:
        """Frames that began since the last call and may cover those of faster bit rates."""
        covers, self._recognised = self._recognised, []
        return covers

    def cover(self, covers: list[Cover]) -> None:
        """Let be what stands below these frames of a slower bit rate until they are taken out."""
        self._covers.add(covers)

    def relieve(self, known: Known) -> list[Decoded]:
        """Take a frame of another bit rate out of the spectra; what decodes without it.

        All of its blocks should be there.
        """
        grid, states = self._store.grid, known.states.size
        first = int(known.start // grid.hop) - PREAMBLE_BLOCKS
        last = int((known.start + states * known.symbol_samples) // grid.hop)
        centre = round(grid.position(known.frequency_hz))
        if first < self._store.start or not 0 <= centre < grid.bins:
            return []
        self._covers.remove(known)
        reach = int(cancel(self._store, known).half_hz / grid.bin_hz)
        self._docket.free(first, last, centre, reach)
        self._search_again(first, last, centre, reach, anew=True)
        return self._work()

    def flush(self) -> list[Decoded | Undecoded]:
        """What still waits for replicas; silence has followed."""
        return [*self._joiner.expire(np.inf)]

    def advance(self, spectra: Complex) -> list[Decoded | Undecoded]:
        """Take the next few blocks, shape (blocks, size); return the bursts that ended."""
        self._store.append(spectra)
        if self._store.end - self._scanned >= SEARCHED_BLOCKS + PREAMBLE_BLOCKS - 1:
            rows = self._store.rows(self._scanned, self._store.end)
            self._floor.follow(
                hann_power(rows[PREAMBLE_BLOCKS - 1 :] if self._floor.known else rows)
            )
            found = self._search(rows, self._scanned, 0, self._floor.per_bin)
            self._docket.admit(found, most=self._most(rows.shape[0] - PREAMBLE_BLOCKS + 1))
            self._scanned = self._store.end - PREAMBLE_BLOCKS + 1
        decoded = self._work()
        self._docket.expire(self._store.start + PREAMBLE_BLOCKS)
        self._covers.expire(self._store.start * self._store.grid.hop)
        return [*decoded, *self._joiner.expire(self._store.end * self._store.grid.hop)]

    def _most(self, blocks: int) -> int:
        return int(np.ceil(MOST_PER_S * blocks * self._store.grid.hop / self._store.grid.rate_hz))

    def _search(self, rows: Complex, first_block: int, low: int, floor: Real) -> Candidates:
        """What looks like a preamble in blocks from `first_block`, bins from `low`."""
        low_bin = self._store.grid.low_bin + low
        density = floor / np.float32(HANN_POWER)
        return find_preambles(rows, density, first_block, low_bin).moved(low)

    def _work(self) -> list[Decoded]:
        """Bring every burst that is due a stage on, strongest first, until none is due."""
        decoded: list[Decoded] = []
        while True:
            self._recognise()
            burst = self._docket.due(self._store.end)
            if burst is None:
                return decoded
            decoded += self._read(burst)

    def _recognise(self) -> None:
        candidates = self._docket.headers_due(self._store.end)
        if candidates.block.size == 0:
            return
        for candidate, header in zip(candidates, self._reader.headers(candidates), strict=True):
            if header is None or self._covers.hide(cover := cover_of(header, self._store.grid)):
                continue
            self._docket.open(candidate, header, self._reader.last_block(header))
            if header.energy >= CLEAR_ENERGY:
                self._recognised.append(cover)

    def _read(self, burst: Burst) -> list[Decoded]:
        """Read a frame that is over; all that decode by it."""
        if self._covers.hide(cover_of(burst.header, self._store.grid)):
            # What stands over it was recognised later than this.
            self._docket.put_aside(burst)
            return []
        if burst.heard is not None:
            self._joiner.forget(burst.heard)
        result = self._reader.read(burst.header)
        if isinstance(result, Header):
            burst.header, burst.due_block = result, self._reader.last_block(result)
            return []
        if isinstance(result, Heard):
            burst.heard = result
            self._docket.put_aside(burst)
            return self._by_replicas(result)
        self._gone(burst)
        return [result, *self._with_replicas(result, burst.header)]

    def _by_replicas(self, heard: Heard) -> list[Decoded]:
        """Decode a frame that failed alone by what is known of its message from others."""
        replica = self._messages.replica(heard)
        if replica is not None:
            return [self._take_out(replica)]
        joined = self._joiner.join(heard)
        if not joined:
            return []
        decoded = [self._take_out(one) for one in joined]
        return [*decoded, *self._with_replicas(decoded[0], heard.header)]

    def _with_replicas(self, decoded: Decoded, header: Header) -> list[Decoded]:
        """Remember a message that is known now; take out its replicas among those that failed."""
        self._messages.add(decoded.frame, header.start)
        return [self._take_out(one) for one in self._messages.newest_in(self._joiner.kept)]

    def _take_out(self, replica: Replica) -> Decoded:
        decoded = self._reader.take_out(replica)
        self._joiner.forget(replica.heard)
        burst = self._docket.burst_of(replica.heard)
        if burst is not None:
            self._gone(burst)
        return decoded

    def _gone(self, burst: Burst) -> None:
        """A burst was taken out of the spectra: search what it had hidden."""
        self._docket.remove(burst)
        if burst.reach > OWN_BINS:
            # Preambles before it, too: it may have spoiled what of their headers comes after them.
            first = burst.candidate.block - HEADER_BLOCKS
            self._search_again(
                first, burst.due_block + 1, round(burst.candidate.position), burst.reach
            )

    def _search_again(
        self, first: int, last: int, centre: int, reach: int, *, anew: bool = False
    ) -> None:
        """Search blocks first ≤ number < last around a place that was cleaned."""
        first = max(self._store.start, first)
        low, high = max(0, centre - reach), min(self._store.grid.bins, centre + reach + 1)
        last = min(self._scanned, last) + PREAMBLE_BLOCKS - 1
        rows = self._store.part(first, last, low, high)
        if (cleaned := noise_of(hann_power(rows))) is not None:
            # What was taken out had raised the floor around it, which falls but slowly.
            floor = np.minimum(self._floor.per_bin[low:high], cleaned)
            place = Place((first, last - PREAMBLE_BLOCKS + 1), (low, high))
            found = self._search(rows, first, low, floor)
            self._docket.admit(found, most=MOST_CLEANED, cleaned=place, anew=anew)
