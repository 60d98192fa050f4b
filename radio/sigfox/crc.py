"""The checksums of the link: CRC-16 over uplink packets, CRC-8 over downlinks."""

from __future__ import annotations

import binascii
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from radio.sigfox.bits import Bits

_CRC16_POLYNOMIAL: Final = 0x11021
_CRC8_POLYNOMIAL: Final = 0x2F
_INVERTED: Final = 0xFFFF


def crc16(data: bytes) -> int:
    """The uplink's checksum: polynomial 0x1021, start 0, inverted at the end.

    Source: catalogued as CRC-16/GSM.
    """
    return binascii.crc_hqx(data, 0) ^ _INVERTED


def crc16_fits(bodies: Bits) -> NDArray[np.bool_]:
    """Which of many un-coded bodies (packet and CRC, all of one length) are intact.

    Args:
        bodies: Shape (…, n), n a multiple of 8 beyond 16.

    Returns:
        Shape (…).
    """
    fits: NDArray[np.bool_] = crc16_error(bodies) == 0
    return fits


def crc16_error(bodies: Bits) -> NDArray[np.uint16]:
    """What the checksums of bodies, as `crc16_fits` takes them, differ by; shape (…)."""
    return crc16_remainder(bodies) ^ np.uint16(_INVERTED)


def crc16_remainder(bits: Bits) -> NDArray[np.uint16]:
    """By what these bits change the error of a body when they are added to it.

    Args:
        bits: Shape (…, n).

    Returns:
        Shape (…).
    """
    # The checksum is linear: the remainder of a body is the sum of those of its single bits.
    remainders = _remainders(bits.shape[-1])
    seen: NDArray[np.uint16] = np.bitwise_xor.reduce(
        np.where(bits, remainders, np.uint16(0)), axis=-1
    )
    return seen


@lru_cache(maxsize=16)
def _remainders(count: int) -> NDArray[np.uint16]:
    # x^k modulo the polynomial for k = count-1 … 0, with the CRC itself the last 16 of them.
    powers = [1]
    for _ in range(count - 1):
        shifted = powers[-1] << 1
        powers.append(min(shifted, shifted ^ _CRC16_POLYNOMIAL))
    return np.array(powers[::-1], np.uint16)


def _crc8_of_byte(value: int) -> int:
    for _ in range(8):
        value = (value << 1) ^ (_CRC8_POLYNOMIAL if value & 0x80 else 0)
    return value & 0xFF


_CRC8_TABLE: Final = bytes(_crc8_of_byte(value) for value in range(256))


def crc8(data: bytes) -> int:
    """The downlink's checksum: polynomial 0x2F, start 0, not inverted."""
    remainder = 0
    for value in data:
        remainder = _CRC8_TABLE[remainder ^ value]
    return remainder
