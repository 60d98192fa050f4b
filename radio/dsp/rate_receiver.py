"""One bit rate in one or several bands: the samples are transformed once for all of them."""

from __future__ import annotations

import numpy as np

from radio.dsp.blocks import BlockTransform
from radio.dsp.chain import STORE_BLOCKS, Chain
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
    """

    def __init__(
        self,
        *,
        rate_hz: float,
        center_hz: float,
        bit_rate: int,
        bands_hz: tuple[Band, ...],
        first_sample: int,
    ) -> None:
        grids = [Grid.cover(rate_hz, bit_rate, *band) for band in bands_hz]
        self._chains = [
            Chain(grid=grid, center_hz=center_hz, first_sample=first_sample) for grid in grids
        ]
        self._hop = grids[0].hop
        self._blocks = BlockTransform(grids[0])
        self._ghosts = GhostFilter()

    @property
    def floor_dbfs_per_hz(self) -> Real:
        """Noise floor of each bin of all bands; empty until a block was heard."""
        return np.concatenate([chain.floor_dbfs_per_hz for chain in self._chains])

    def feed(self, samples: Complex) -> list[Decoded | Undecoded]:
        """Take consecutive samples; return the bursts that ended."""
        spectra = self._blocks.take(samples)
        if spectra.shape[0] == 0:
            return []
        return self._reported([e for chain in self._chains for e in chain.advance(spectra)])

    def flush(self) -> list[Decoded | Undecoded]:
        """Work on all that waits, with silence after it."""
        silence = np.zeros(self._hop, np.complex64)
        return [event for _ in range(STORE_BLOCKS + 16) for event in self.feed(silence)]

    def _reported(self, events: list[Decoded | Undecoded]) -> list[Decoded | Undecoded]:
        """All but the ghosts, which may stand in another band than the frame itself."""
        decoded = [event for event in events if isinstance(event, Decoded)]
        decoded.sort(key=lambda one: -one.power_dbfs)
        failed = [event for event in events if isinstance(event, Undecoded)]
        return [*(one for one in decoded if self._ghosts.is_new(one)), *failed]
