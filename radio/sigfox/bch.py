"""The error correction of downlinks: eight BCH(15,11) code words side by side in 15 bytes.

Code word b takes bit b of each byte; byte j is the coefficient of x^j. Bytes 0 to 3 are parity,
bytes 4 to 14 data. One error per code word is corrected, hence any burst of 8 bits. The code is
perfect: two errors in one word are "corrected" to a wrong word, and only a checksum sees it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

PARITY_BYTES: Final = 4
CODED_BYTES: Final = 15
# Powers of a root of x^4 + x + 1: the syndrome of one wrong bit in byte 0, 1, … 14.
_SYNDROMES: Final = np.array([1, 2, 4, 8, 3, 6, 12, 11, 5, 10, 7, 14, 15, 13, 9], np.uint8)
_BYTE_OF_SYNDROME: Final = {int(value): byte for byte, value in enumerate(_SYNDROMES)}


@dataclass(frozen=True, slots=True)
class Corrected:
    """Data bytes and how many bits had to be flipped among them and their parity."""

    data: bytes
    errors: int


def protect(data: bytes) -> bytes:
    """Put the 4 parity bytes in front of 11 bytes of data."""
    planes = _syndromes_of_planes(bytes(PARITY_BYTES) + data)
    parity = [int(np.packbits(planes >> power & 1)[0]) for power in range(PARITY_BYTES)]
    return bytes(parity) + data


def correct(coded: bytes) -> Corrected:
    """Repair up to one wrong bit in each code word of 15 bytes and take the parity off."""
    repaired = bytearray(coded)
    planes = [int(syndrome) for syndrome in _syndromes_of_planes(coded)]
    for plane, syndrome in enumerate(planes):
        if syndrome:
            repaired[_BYTE_OF_SYNDROME[syndrome]] ^= 0x80 >> plane
    errors = sum(syndrome != 0 for syndrome in planes)
    return Corrected(bytes(repaired[PARITY_BYTES:]), errors)


def _syndromes_of_planes(coded: bytes) -> NDArray[np.uint8]:
    bits = np.unpackbits(np.frombuffer(coded, np.uint8).reshape(CODED_BYTES, 1), axis=1)
    found: NDArray[np.uint8] = np.bitwise_xor.reduce(bits * _SYNDROMES[:, np.newaxis], axis=0)
    return found
