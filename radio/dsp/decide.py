"""Coherent soft states to a decoded frame."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from radio.dsp.repair import repair
from radio.sigfox.bits import Bits, bits_of_word, word_of
from radio.sigfox.frame_type import (
    FRAME_TYPE_BITS,
    HEADER_BITS,
    PREAMBLE_BITS,
    FrameTypeMatch,
    nearest_frame_type,
)
from radio.sigfox.rejected import Reason, Rejected
from radio.sigfox.uplink import PREAMBLE, UplinkFrame, decode_body


def decide(soft: NDArray[np.float64]) -> tuple[UplinkFrame | Rejected, Bits]:
    """Decode by the sign of each state (equal neighbours are a 1), repaired if the CRC demands it.

    Returns:
        The frame or the reason against it, and the bits as they were sent as far as known
        (preamble and frame type repaired).
    """
    bits = _hard_bits(soft)
    match = nearest_frame_type(word_of(bits[PREAMBLE_BITS:HEADER_BITS]))
    if match is None:
        return Rejected(Reason.FRAME_TYPE), bits
    bits[:HEADER_BITS] = _header(match)
    result = decode_body(match, bits[HEADER_BITS:])
    if result != Rejected(Reason.CRC):
        return result, bits
    turned = repair(soft, bits[HEADER_BITS:], match.frame_class, match.rank)
    if turned is None:
        return result, bits
    mended = soft.copy()
    mended[turned] *= -1
    bits[HEADER_BITS:] = _hard_bits(mended)[HEADER_BITS:]
    return decode_body(match, bits[HEADER_BITS:]), bits


def _hard_bits(soft: NDArray[np.float64]) -> Bits:
    return (soft[1:] * soft[:-1] > 0).astype(np.uint8)


def _header(match: FrameTypeMatch) -> Bits:
    code = match.frame_class.codes[match.rank - 1]
    return np.concatenate((PREAMBLE, bits_of_word(code, FRAME_TYPE_BITS)))
