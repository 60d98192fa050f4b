"""One bit rate in one or several bands: the samples are transformed once for all of them."""

from __future__ import annotations

import numpy as np

from radio.dsp.blocks import BlockTransform
from radio.dsp.cancel import Known
from radio.dsp.chain import LONGEST_BLOCKS, Chain
from radio.dsp.cover import Cover
from radio.dsp.ghosts import GhostFilter
from radio.dsp.report import Decoded, Undecoded
from radio.dsp.spectra import Complex, Grid, Real

Band = tuple[float, float]
"""Lowest and highest frequency."""


class RateReceiver:
    """Receives one bit rate.

    Args:
        rate_hz: Sample rate.
        center_hz: Radio frequency at 0 Hz of the samples.
        bit_rate: 100 or 600.
        bands_hz: Bands watched, relative to the centre; they do not overlap.
        first_sample: Index of the first sample that will be fed.
        hold_s: How far back at least a frame of another bit rate may begin that is taken out.
        sensing_s: Devices may listen before they talk for so long, over all frames of a message.
    """

    def __init__(
        self,
        *,
        rate_hz: float,
        center_hz: float,
        bit_rate: int,
        bands_hz: tuple[Band, ...],
        first_sample: int,
        hold_s: float = 0.0,
        sensing_s: float = 0.0,
    ) -> None:
        grids = [Grid.cover(rate_hz, bit_rate, *band) for band in bands_hz]
        self._chains = [
            Chain(
                grid=grid,
                center_hz=center_hz,
                first_sample=first_sample,
                hold_s=hold_s,
                sensing_s=sensing_s,
            )
            for grid in grids
        ]
        self._grid = grids[0]
        self.bit_rate = bit_rate
        self._blocks_there = 0
        self._others: list[Known] = []
        self._blocks = BlockTransform(grids[0])
        self._ghosts = GhostFilter()

    @property
    def candidates(self) -> int:
        """Places so far that looked like a preamble: the work that the air has made."""
        return sum(chain.candidates for chain in self._chains)

    @property
    def floor_dbfs_per_hz(self) -> Real:
        """Noise floor of each bin of all bands; empty until a block was heard."""
        return np.concatenate([chain.floor_dbfs_per_hz for chain in self._chains])

    def feed(self, samples: Complex) -> list[Decoded | Undecoded]:
        """Take consecutive samples; return the bursts that ended."""
        spectra = self._blocks.take(samples)
        self._blocks_there += spectra.shape[0]
        if spectra.shape[0] == 0:
            return []
        events = [event for chain in self._chains for event in chain.advance(spectra)]
        events += self._relieved()
        return self._reported(events)

    def with_company(self) -> list[Known]:
        """Frames decoded since the last call that may cover some of another bit rate."""
        return [known for chain in self._chains for known in chain.with_company()]

    def recognised(self) -> list[Cover]:
        """Frames that began since the last call and may cover those of faster bit rates."""
        return [cover for chain in self._chains for cover in chain.recognised()]

    def cover(self, covers: list[Cover]) -> None:
        """Let be what stands below these frames of a slower bit rate until they are taken out."""
        for chain in self._chains:
            chain.cover(covers)

    def take_out(self, known: Known) -> None:
        """Take a frame of another bit rate out as soon as all its samples are there."""
        self._others.append(known)

    def flush(self) -> list[Decoded | Undecoded]:
        """What still waits for replicas; silence of `longest_wait` samples has followed."""
        return self._reported([event for chain in self._chains for event in chain.flush()])

    @property
    def longest_wait(self) -> int:
        """Samples after a frame's end within which it is read."""
        return (LONGEST_BLOCKS + 16) * self._grid.hop

    def _relieved(self) -> list[Decoded | Undecoded]:
        grid = self._grid
        # Of the newest block three quarters can be cut out.
        there = (self._blocks_there - 1) * grid.hop + 3 * grid.size // 4
        due = [known for known in self._others if known.stop <= there]
        self._others = [known for known in self._others if known.stop > there]
        return [one for known in due for chain in self._chains for one in chain.relieve(known)]

    def _reported(self, events: list[Decoded | Undecoded]) -> list[Decoded | Undecoded]:
        """All but the ghosts, which may stand in another band than the frame itself."""
        decoded = [event for event in events if isinstance(event, Decoded)]
        decoded.sort(key=lambda one: -one.power_dbfs)
        failed = [event for event in events if isinstance(event, Undecoded)]
        return [*(one for one in decoded if self._ghosts.is_new(one)), *failed]
