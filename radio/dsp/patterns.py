"""What every frame begins with: preamble and frame type, as phase states."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from radio.sigfox.bits import bits_of_word
from radio.sigfox.frame_type import (
    FRAME_CLASSES,
    FRAME_TYPE_BITS,
    RANKS,
    FrameClass,
    FrameTypeMatch,
)
from radio.sigfox.uplink import PREAMBLE


def states_of(bits: NDArray[np.uint8]) -> NDArray[np.int8]:
    """Phase states (+1, -1) of differentially coded bits: a 0 turns the phase; the first is +1."""
    turns = np.cumsum(bits == 0) % 2
    return np.concatenate(([1], 1 - 2 * turns)).astype(np.int8)


HEADER_TYPES: Final = tuple(
    FrameTypeMatch(frame_class, rank, 0) for frame_class in FRAME_CLASSES.values() for rank in RANKS
)
"""All 18 types."""


def _pattern(kind: FrameTypeMatch) -> NDArray[np.int8]:
    code = kind.frame_class.codes[kind.rank - 1]
    return states_of(np.concatenate((PREAMBLE, bits_of_word(code, FRAME_TYPE_BITS))))


PATTERNS: Final = np.array([_pattern(kind) for kind in HEADER_TYPES], np.float32)
"""States of preamble and frame type of each; shape (18, 33)."""
PATTERN_STATES: Final = PATTERNS.shape[1]


def type_number(frame_class: FrameClass, rank: int) -> int:
    """Place of a type in HEADER_TYPES."""
    return _NUMBERS[frame_class.name, rank]


def pattern_of(kind: FrameTypeMatch) -> NDArray[np.float32]:
    """First states of frames of this type; shape (33,)."""
    states: NDArray[np.float32] = PATTERNS[type_number(kind.frame_class, kind.rank)]
    return states


def header_likeness(heads: NDArray[np.complex128]) -> NDArray[np.float64]:
    """How much runs of 33 symbols of a straight carrier are like the header of each type.

    Shape (n, 33) to (n, 18).
    """
    alike: NDArray[np.float64] = np.abs(heads @ PATTERNS.T)
    return alike


def type_of(head: NDArray[np.float64], number: int) -> FrameTypeMatch:
    """A type of HEADER_TYPES, with the bits that these 33 coherent states have otherwise."""
    kind = HEADER_TYPES[number]
    code = kind.frame_class.codes[kind.rank - 1]
    sent = (head[1:] * head[:-1] > 0)[-FRAME_TYPE_BITS:]
    errors = np.count_nonzero(sent != bits_of_word(code, FRAME_TYPE_BITS))
    return FrameTypeMatch(kind.frame_class, kind.rank, int(errors))


_NUMBERS: Final = {(t.frame_class.name, t.rank): place for place, t in enumerate(HEADER_TYPES)}
