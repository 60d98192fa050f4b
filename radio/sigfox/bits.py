"""Bits as arrays: one uint8 of 0 or 1 per bit, in the order they are sent."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Bits = NDArray[np.uint8]


def bits_of(data: bytes) -> Bits:
    """All bits of `data`, most significant first."""
    return np.unpackbits(np.frombuffer(data, np.uint8))


def bytes_of(bits: Bits) -> bytes:
    """The bytes that `bits` fill, the last one padded with zeros at its right."""
    return np.packbits(bits).tobytes()


def word_of(bits: Bits) -> int:
    """`bits` as one unsigned number, the first bit the most significant."""
    return int.from_bytes(bytes_of(bits), "big") >> (-len(bits) % 8)


def bits_of_word(word: int, count: int) -> Bits:
    """The lowest `count` bits of `word`, most significant first."""
    shifted = word << (-count % 8)
    return bits_of(shifted.to_bytes((count + 7) // 8, "big"))[:count]
