"""A frame on its way through the stages, and when two sights are one frame."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from radio.dsp.detect import Candidate
from radio.dsp.header import Header
from radio.dsp.heard import Heard
from radio.dsp.shadow import reach_of

MOST_RETRIES: Final = 4
# Headers closer than this are two sights of one frame.
_SAME_STATES: Final = 8.0
_SAME_BINS: Final = 2.0
# One line of a preamble and its side band four bins farther on look like a header, too, but less.
_IMAGE_BINS: Final = 5.0
_IMAGE_SHARE: Final = 0.6


@dataclass(slots=True, eq=False)
class Burst:
    """A frame on its way through the stages.

    Attributes:
        due_block: It can be read when this block is there.
        heard: What reading it made of it, where it did not decode.
        retries: How often it may be tried again.
        stale: Its header was read before something else was taken out there.
    """

    candidate: Candidate
    header: Header
    due_block: int
    heard: Heard | None = None
    retries: int = MOST_RETRIES
    stale: bool = False

    @property
    def reach(self) -> int:
        """Bins to either side where its side lobes are strong enough to be candidates."""
        return reach_of(self.candidate.strength)


def is_near(one: Header, other: Header) -> bool:
    """Whether two headers have the same carrier."""
    return abs(one.position - other.position) <= _SAME_BINS


def is_same(one: Header, other: Header) -> bool:
    """Whether these are two sights of one frame, or the weaker one an image of the other."""
    if abs(one.start - other.start) > _SAME_STATES * one.symbol_samples:
        return False
    weak, strong = sorted((one.energy, other.energy))
    reach = _SAME_BINS if weak > _IMAGE_SHARE * strong else _IMAGE_BINS
    return abs(one.position - other.position) <= reach
