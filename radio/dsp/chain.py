"""One bit rate in one band: detect, decode when a frame is over, cancel, look again."""

from __future__ import annotations

from typing import Final

import numpy as np

from radio.dsp.acquire import LONGEST_STATES
from radio.dsp.detect import PREAMBLE_BLOCKS, find_preambles, hann_power
from radio.dsp.docket import OWN_BINS, Burst, Docket
from radio.dsp.floor import NoiseFloor, noise_of
from radio.dsp.reader import FrameReader
from radio.dsp.report import Decoded, Undecoded
from radio.dsp.spectra import SYMBOLS_PER_HOP, Complex, Grid, Real, SpectraStore

# A frame waits for its end, and is looked for again once a stronger one beside it was taken out.
STORE_BLOCKS: Final = 3 * LONGEST_STATES // SYMBOLS_PER_HOP


class Chain:
    """Receives one bit rate in one band.

    Args:
        grid: Blocks of this bit rate, and the bins of the band.
        center_hz: Radio frequency at 0 Hz of the samples.
        first_sample: Index of the first sample of the first block.
    """

    def __init__(self, *, grid: Grid, center_hz: float, first_sample: int) -> None:
        self._store = SpectraStore(grid, capacity=STORE_BLOCKS)
        self._floor = NoiseFloor(grid.bins)
        self._reader = FrameReader(
            self._store, self._floor, center_hz=center_hz, first_sample=first_sample
        )
        self._docket = Docket()
        self._scanned = 0  # blocks below this one were searched for the first of a preamble

    @property
    def floor_dbfs_per_hz(self) -> Real:
        """Noise floor of each bin; empty until a block was heard."""
        if not self._floor.known:
            return np.zeros(0, np.float32)
        per_hz: Real = self._reader.noise_per_hz(1.0) * self._floor.per_bin
        in_db: Real = 10 * np.log10(per_hz)
        return in_db

    def advance(self, spectra: Complex) -> list[Decoded | Undecoded]:
        """Take the next few blocks, shape (blocks, size); return the bursts that ended."""
        self._store.append(spectra)
        if self._store.end - self._scanned >= PREAMBLE_BLOCKS:
            power = hann_power(self._store.rows(self._scanned, self._store.end))
            self._floor.follow(power[PREAMBLE_BLOCKS - 1 :] if self._floor.known else power)
            self._docket.admit(find_preambles(power, self._floor.per_bin, self._scanned))
            self._scanned = self._store.end - PREAMBLE_BLOCKS + 1
        return [*self._work(), *self._docket.expire(self._store.start + PREAMBLE_BLOCKS)]

    def _work(self) -> list[Decoded]:
        """Bring every burst that is due a stage on, strongest first, until none is due."""
        decoded = []
        while (burst := self._docket.due(self._store.end)) is not None:
            if not burst.options:
                self._begin(burst)
            elif (frame := self._finish(burst)) is not None:
                decoded.append(frame)
        return decoded

    def _begin(self, burst: Burst) -> None:
        self._docket.tried(burst)
        burst.options = self._reader.acquire(burst.candidate)
        self._wait_or_put_aside(burst)

    def _finish(self, burst: Burst) -> Decoded | None:
        result = self._reader.read(burst.options.pop(0), burst.candidate.position)
        if isinstance(result, Decoded):
            self._docket.remove(burst)
            self._look_again(burst)
            return result
        burst.failure = burst.failure or result
        self._wait_or_put_aside(burst)
        return None

    def _wait_or_put_aside(self, burst: Burst) -> None:
        if burst.options:
            burst.due_block = self._reader.last_block(burst.options[0])
        else:
            self._docket.put_aside(burst)

    def _look_again(self, gone: Burst) -> None:
        """Search what a frame had hidden, now that it is taken out of the spectra."""
        if gone.reach <= OWN_BINS:
            return
        centre = gone.candidate.position
        low, high = max(0, centre - gone.reach), min(self._store.grid.bins, centre + gone.reach + 1)
        first = max(self._store.start, gone.candidate.block - PREAMBLE_BLOCKS)
        last = min(self._scanned, gone.last_block + 1) + PREAMBLE_BLOCKS - 1
        power = hann_power(self._store.part(first, last, low, high))
        if (cleaned := noise_of(power)) is not None:
            # What was taken out had raised the floor around it, which falls but slowly.
            floor = np.minimum(self._floor.per_bin[low:high], cleaned)
            self._docket.admit(find_preambles(power, floor, first).moved(low))
