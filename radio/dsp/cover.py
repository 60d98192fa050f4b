"""Slow frames that stand over fast candidates: the fast chain takes their parts for headers.

One line of a slow frame a quarter of the fast bit rate beside an empty place looks like half a fast
preamble, as long as the slow frame lasts. Where the slow one is stronger, what is below it cannot
be read before it was taken out; then it is searched anew.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from radio.dsp.cancel import Known
from radio.dsp.header import Header
from radio.dsp.patterns import PATTERN_STATES
from radio.dsp.spectra import Grid

# Half the width of a frame of 600 bit/s.
_REACH_HZ: Final = 300.0
# Frames told by header and by measurement are the same when they begin and lie this close.
_SAME_SYMBOLS: Final = 8.0
_SAME_HZ: Final = 50.0
# 270 devices at once begin 400 frames in the three seconds that matter.
_MOST: Final = 512


@dataclass(frozen=True, slots=True)
class Cover:
    """A frame on the air, as its header tells.

    Attributes:
        start: Stream sample at which it begins.
        stop: Where it ends.
        frequency_hz: Relative to the centre of the stream.
        power: Over the noise density, Hz.
    """

    start: float
    stop: float
    frequency_hz: float
    power: float


def cover_of(header: Header, grid: Grid) -> Cover:
    """What a header says of its frame."""
    states = header.frame_class.total_bits + 1
    return Cover(
        start=header.start,
        stop=header.start + states * header.symbol_samples,
        frequency_hz=grid.frequency_hz(header.position),
        power=header.energy / PATTERN_STATES * grid.bit_rate,
    )


class Covers:
    """The frames of slower bit rates that may stand over those of one chain."""

    def __init__(self) -> None:
        self._covers: deque[Cover] = deque(maxlen=_MOST)

    def add(self, covers: Iterable[Cover]) -> None:
        """These are on the air."""
        self._covers += covers

    def hide(self, below: Cover) -> bool:
        """Whether what begins here stands under something stronger."""
        return any(
            cover.start <= below.start < cover.stop
            and abs(cover.frequency_hz - below.frequency_hz) <= _REACH_HZ
            and cover.power >= below.power
            for cover in self._covers
        )

    def remove(self, known: Known) -> None:
        """This frame was taken out."""
        gone = [cover for cover in self._covers if _same(cover, known)]
        for cover in gone:
            self._covers.remove(cover)

    def expire(self, oldest: float) -> None:
        """Forget what ended before this stream sample."""
        while self._covers and self._covers[0].stop < oldest:
            self._covers.popleft()


def _same(cover: Cover, known: Known) -> bool:
    late = abs(cover.start - known.start)
    apart_hz = abs(cover.frequency_hz - known.frequency_hz)
    return late <= _SAME_SYMBOLS * known.symbol_samples and apart_hz <= _SAME_HZ
