"""The key stream laid over a downlink so that only its device reads it.

A 9-bit register starts at (device ID * sequence number) mod 512, or 511 where that is 0. One clock
shifts it right and puts s0 + s5 in at the top. For each 9 bits of the frame it is clocked 8 times
and added whole, its top bit first.
"""

from __future__ import annotations

from typing import Final

_WIDTH_BITS: Final = 9
_CLOCKS: Final = 8


def seed_of(device_id: int, seq_number: int) -> int:
    """Where the register starts, 1 to 511."""
    return device_id * seq_number % (1 << _WIDTH_BITS) or (1 << _WIDTH_BITS) - 1


def whiten(data: bytes, seed: int) -> bytes:
    """Lay the key stream over `data`, or take it off again."""
    count = 8 * len(data)
    stream, state = 0, seed
    words = -(-count // _WIDTH_BITS)
    for _ in range(words):
        for _ in range(_CLOCKS):
            state = state >> 1 | ((state ^ state >> 5) & 1) << (_WIDTH_BITS - 1)
        stream = stream << _WIDTH_BITS | state
    stream >>= words * _WIDTH_BITS - count
    return (int.from_bytes(data, "big") ^ stream).to_bytes(len(data), "big")
