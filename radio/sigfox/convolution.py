"""The convolution that makes ranks 2 and 3 differ from rank 1, and its inverse.

    rank 1: v[k] = u[k]                      (octal 1)
    rank 2: v[k] = u[k] + u[k-1] + u[k-2]    (octal 7)
    rank 3: v[k] = u[k] + u[k-2]             (octal 5)

Sums are modulo 2, u[k] is 0 before the start, no tail: all ranks have the same length. Together
they are a rate-1/3 code of constraint length 3 that starts in state 0 and has an open end. Alone,
one wrong bit of rank 2 or 3 spreads to the end.
"""

from __future__ import annotations

from typing import Final

from radio.sigfox.bits import Bits

_DELAYS: Final = {1: (), 2: (1, 2), 3: (2,)}
# 1/(1+D^n) is the product of 1+D^n, 1+D^2n, 1+D^4n … up to the length: a few long additions in
# place of one short one per bit. 1/(1+D+D^2) = (1+D)/(1+D^3).
_INVERSE: Final = {1: ((), 0), 2: ((1,), 3), 3: ((), 2)}


def encode(bits: Bits, rank: int) -> Bits:
    """Code `bits`, shape (…, n), as `rank` (1, 2 or 3) sends them."""
    coded = bits.copy()
    for delay in _DELAYS[rank]:
        coded[..., delay:] ^= bits[..., :-delay]
    return coded


def decode(coded: Bits, rank: int) -> Bits:
    """Undo `encode`, shape (…, n)."""
    delays, period = _INVERSE[rank]
    bits = coded.copy()
    for delay in delays:
        bits[..., delay:] ^= coded[..., :-delay]
    while 0 < period < bits.shape[-1]:
        bits[..., period:] ^= bits[..., :-period].copy()
        period *= 2
    return bits
