"""Coherent soft states to a decoded frame."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from radio.dsp.patterns import pattern_of
from radio.dsp.repair import repair
from radio.sigfox.bits import Bits, bits_of_word
from radio.sigfox.frame_type import (
    FRAME_TYPE_BITS,
    HEADER_BITS,
    FrameTypeMatch,
)
from radio.sigfox.rejected import Reason, Rejected
from radio.sigfox.uplink import PREAMBLE, UplinkFrame, decode_body

# Of the 13 bits of the frame type. Each wrong state spoils two; the type was told by all 33 states.
MOST_ERRORS: Final = 4
_NOTHING: Final = 1e-30


def decide(
    soft: NDArray[np.float64], odds: float, kind: FrameTypeMatch
) -> tuple[UplinkFrame | Rejected, Bits]:
    """Decode by the sign of each state (equal neighbours are a 1), repaired if the CRC demands it.

    Args:
        soft: Coherent states of the whole frame, by how far they are trusted.
        odds: Log odds for a state's sign, per size.
        kind: Its type.

    Returns:
        The frame or the reason against it, and the bits as they were sent as far as known
        (preamble and frame type repaired).
    """
    soft = _with_header(soft, kind)
    bits = _hard_bits(soft)
    if kind.errors > MOST_ERRORS:
        return Rejected(Reason.FRAME_TYPE), bits
    result = decode_body(kind, bits[HEADER_BITS:])
    if result != Rejected(Reason.CRC):
        return result, bits
    turned = repair(soft, odds, bits[HEADER_BITS:], kind.frame_class, kind.rank)
    if turned is None:
        return result, bits
    mended = soft.copy()
    mended[turned] *= -1
    bits[HEADER_BITS:] = _hard_bits(mended)[HEADER_BITS:]
    return decode_body(kind, bits[HEADER_BITS:]), bits


def _with_header(soft: NDArray[np.float64], kind: FrameTypeMatch) -> NDArray[np.float64]:
    """The states with those of the header as they must have been sent."""
    known = pattern_of(kind)
    sign = 1.0 if soft[: known.size] @ known >= 0 else -1.0
    size = np.abs(soft).mean() + _NOTHING
    return np.concatenate((sign * size * known, soft[known.size :]))


def _hard_bits(soft: NDArray[np.float64]) -> Bits:
    return (soft[1:] * soft[:-1] > 0).astype(np.uint8)


def header_bits(kind: FrameTypeMatch) -> Bits:
    """Preamble and frame type of frames of this type."""
    code = kind.frame_class.codes[kind.rank - 1]
    return np.concatenate((PREAMBLE, bits_of_word(code, FRAME_TYPE_BITS)))
