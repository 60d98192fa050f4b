"""Frame types: 13 bits behind the preamble which name a frame's class, length and rank.

    preamble 19 | frame type 13 | body (packet + CRC 16)
    1010…101      F…              un-coded (rank 1) or coded (ranks 2 and 3)

Any two of the 18 codes differ in at least 5 of the 13 bits, so 2 wrong bits can be repaired. With
the 12 low bits alone the distance would be 4.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

PREAMBLE_BITS: Final = 19
FRAME_TYPE_BITS: Final = 13
HEADER_BITS: Final = PREAMBLE_BITS + FRAME_TYPE_BITS
CRC_BITS: Final = 16
RANKS: Final = (1, 2, 3)
MOST_ERRORS: Final = 2


class ClassName(StrEnum):
    """The five sizes of application frames, and control frames."""

    A = "A"
    B = "B"
    C = "C"
    D = "D"
    E = "E"
    CONTROL = "control"


@dataclass(frozen=True, slots=True)
class FrameClass:
    """What all frames of a class share.

    Attributes:
        name: Its letter, or control.
        packet_bytes: Bytes from the length indicator to the tag.
        payload_bytes: Lengths of payload that it carries.
        codes: The 13-bit frame types of ranks 1, 2 and 3.
    """

    name: ClassName
    packet_bytes: int
    payload_bytes: range
    codes: tuple[int, int, int]

    @property
    def body_bits(self) -> int:
        """Bits behind the frame type: packet and CRC."""
        return 8 * self.packet_bytes + CRC_BITS

    @property
    def total_bits(self) -> int:
        """Bits from the first of the preamble to the last of the CRC."""
        return HEADER_BITS + self.body_bits


@dataclass(frozen=True, slots=True)
class FrameTypeMatch:
    """The frame type nearest to 13 received bits.

    Attributes:
        frame_class: Its class.
        rank: 1, 2 or 3.
        errors: Bits that had to be repaired, 0 to 2.
    """

    frame_class: FrameClass
    rank: int
    errors: int


# Control frames carry 7 or 8 bytes where their format is public; the length indicator can say 5
# to 8, and a gateway must pass on what it does not know.
FRAME_CLASSES: Final[dict[ClassName, FrameClass]] = {
    entry.name: entry
    for entry in (
        FrameClass(ClassName.A, 8, range(1), (0x06B, 0x6E0, 0x034)),
        FrameClass(ClassName.B, 9, range(1, 2), (0x08D, 0x0D2, 0x302)),
        FrameClass(ClassName.C, 12, range(2, 5), (0x35F, 0x598, 0x5A3)),
        FrameClass(ClassName.D, 16, range(5, 9), (0x611, 0x6BF, 0x72C)),
        FrameClass(ClassName.E, 20, range(9, 13), (0x94C, 0x971, 0x997)),
        FrameClass(ClassName.CONTROL, 16, range(5, 9), (0xF67, 0xFC9, 0x11BE)),
    )
}


def _nearest(word: int) -> FrameTypeMatch | None:
    for frame_class in FRAME_CLASSES.values():
        for rank, code in zip(RANKS, frame_class.codes, strict=True):
            if (errors := (word ^ code).bit_count()) <= MOST_ERRORS:
                return FrameTypeMatch(frame_class, rank, errors)
    return None


# One entry for each word that 13 bits can be: the receiver asks for every burst it tries.
_MATCHES: Final = tuple(_nearest(word) for word in range(1 << FRAME_TYPE_BITS))


def nearest_frame_type(word13: int) -> FrameTypeMatch | None:
    """The frame type at most two bits away from `word13` (0 to 8191), or None."""
    return _MATCHES[word13]
