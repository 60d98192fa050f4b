"""A plain differential receiver, to compare with: what a short program does, at its very best.

It is told each frame's start, carrier and drift exactly. Symbols are integrated, neighbours
compared, the frame type is matched to the nearest code, the CRC decides. Nothing is repaired.
"""

from __future__ import annotations

import numpy as np
from crowd import RATE_HZ, Samples, Sent
from numpy.typing import NDArray

from radio.dsp.waveform import turned
from radio.sigfox.uplink import Uplink, UplinkFrame, decode_uplink


class DifferentialReceiver:
    """Receives one frame, over and over with other noise."""

    def __init__(self, sent: Sent) -> None:
        """Be told where the frame is."""
        burst = sent.burst
        states = len(burst.bits) + 1
        edges_s = burst.first_bit_s + burst.symbol_s * np.arange(-1, states)
        edges = np.rint(edges_s * RATE_HZ).astype(np.int64)
        self._first, self._last = int(edges[0]), int(edges[-1])
        self._edges = edges[:-1] - self._first
        at_s = np.arange(self._first, self._last) / RATE_HZ - burst.first_bit_s
        middle_s = len(burst.bits) * burst.symbol_s / 2
        moved = burst.carrier_hz + burst.drift_hz_per_s * (at_s / 2 - middle_s)
        self._mixer: Samples = turned(-at_s * moved)

    def receive(self, samples: Samples) -> Uplink | None:
        """The message of the frame, or None."""
        straight = samples[self._first : self._last] * self._mixer
        symbols = np.add.reduceat(straight, self._edges)
        frame = decode_uplink(_bits(symbols))
        return frame.uplink if isinstance(frame, UplinkFrame) else None


def _bits(symbols: Samples) -> NDArray[np.uint8]:
    same: NDArray[np.uint8] = ((symbols[1:] * symbols[:-1].conj()).real > 0).astype(np.uint8)
    return same
