"""Samples to downlink bits, as the radio of a device does it.

Two matched filters, one at each of the two frequencies, say how much more of a 1 than of a 0 there
is in a symbol. The last 32 bits before the content are searched in this; the content follows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from radio.dsp.gfsk import GFSK_DEVIATION_HZ
from radio.dsp.waveform import Samples, Times
from radio.sigfox.bits import Bits, bits_of
from radio.sigfox.downlink import CONTENT_BITS, DOWNLINK_BIT_RATE, PREAMBLE_AND_SYNC

_MARK_BYTES: Final = 4
_LIKENESS: Final = 0.75
"""Of the mark, from 0 to 1; noise alone is below 0.6 in a window of half a minute."""


@dataclass(frozen=True, slots=True)
class HeardDownlink:
    """Bits behind a synchronisation word, not yet checked by anything.

    Attributes:
        bits: The last bits of preamble and synchronisation, and the content.
        ends_s: End of the last bit, s after the first sample.
    """

    bits: Bits
    ends_s: float


def find_downlinks(samples: Samples, rate_hz: float) -> list[HeardDownlink]:
    """Everything in `samples` that begins as a downlink does, in order of time.

    Args:
        samples: Shape (n,), complex64; 0 Hz is where the device listens.
        rate_hz: At least 8 samples a symbol.
    """
    symbol = rate_hz / DOWNLINK_BIT_RATE
    soft = _soft(samples, rate_hz, round(symbol))
    mark = bits_of(PREAMBLE_AND_SYNC[-_MARK_BYTES:])
    reach = round(symbol * (len(mark) + CONTENT_BITS - 1))
    if len(soft) <= reach:
        return []
    likeness = _likeness(soft, 2 * mark.astype(np.float64) - 1, symbol)[: len(soft) - reach]
    return [
        HeardDownlink(
            bits=(soft[_places(first, len(mark) + CONTENT_BITS, symbol)] > 0).astype(np.uint8),
            ends_s=(first + symbol * (len(mark) + CONTENT_BITS)) / rate_hz,
        )
        for first in _peaks(likeness, round(symbol))
    ]


def _soft(samples: Samples, rate_hz: float, length: int) -> Times:
    """For a symbol that begins at each sample: how far it is a 1 (positive) or a 0."""
    turns = GFSK_DEVIATION_HZ / rate_hz * np.arange(length)
    tone = np.exp(2j * np.pi * turns)
    if len(samples) < length:
        return np.empty(0)
    high = np.abs(np.correlate(samples, tone, "valid"))
    low = np.abs(np.correlate(samples, tone.conj(), "valid"))
    return np.asarray(high - low, np.float64)


def _likeness(soft: Times, pattern: Times, symbol: float) -> Times:
    """Normalised correlation with `pattern` at each place.

    The pattern holds as many zeros as ones, so that a carrier beside the middle moves nothing.
    """
    count = len(soft) - round(symbol * (len(pattern) - 1))
    rows = np.stack([soft[at : at + count] for at in _places(0, len(pattern), symbol)])
    size = np.sqrt(len(pattern) * np.sum(rows**2, axis=0))
    return np.asarray(pattern @ rows / np.maximum(size, np.finfo(float).tiny))


def _places(first: int, count: int, symbol: float) -> NDArray[np.int64]:
    return np.asarray(first + np.rint(np.arange(count) * symbol), np.int64)


def _peaks(likeness: Times, apart: int) -> list[int]:
    """The best place of each stretch above the threshold."""
    peaks: list[int] = []
    for place in np.flatnonzero(likeness > _LIKENESS).tolist():
        if not peaks or place - peaks[-1] > apart:
            peaks.append(place)
        elif likeness[place] > likeness[peaks[-1]]:
            peaks[-1] = place
    return peaks
