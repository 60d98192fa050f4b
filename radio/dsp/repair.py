"""Repair a frame whose checksum fails by turning its least certain phase states.

A wrong state spoils the two bits beside it. Un-coding and CRC are linear, so each state has a
fixed share in the checksum's error (its syndrome): the states to turn are those whose shares add up
to the error that was found. Likeliest first, and only what is likely at all: each trial lets one in
65 536 wrong frames pass.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import combinations
from typing import Final

import numpy as np
from numpy.typing import NDArray

from radio.sigfox import convolution
from radio.sigfox.bits import Bits, bytes_of
from radio.sigfox.crc import crc16
from radio.sigfox.frame_type import HEADER_BITS, FrameClass

WEAK_STATES: Final = 12
MOST_TURNS: Final = 3
# Logarithm of how likely a repair must be beside all that was not tried, of which one in 65 536
# (e^11) passes the checksum as well: e^5 to one. What was not tried is never quite impossible.
LEAST_LIKELY: Final = -6.0
LEAST_UNTRIED: Final = 0.03
# Mean over deviation of the states' size, squared, as half-normal noise gives 1.75: a burst that is
# not clearly better has nothing certain in it that a repair could lean on.
LEAST_CLEARNESS: Final = 4.4

# Every set of 1 to MOST_TURNS weak states, padded with a state that costs and changes nothing.
_CHOICES: Final = np.array(
    [
        [*turned, *[WEAK_STATES] * (MOST_TURNS - count)]
        for count in range(1, MOST_TURNS + 1)
        for turned in combinations(range(WEAK_STATES), count)
    ]
)


def checksum_error(body: Bits, rank: int) -> int:
    """What the CRC of a body, still coded, differs by; 0 when it fits."""
    data = bytes_of(convolution.decode(body, rank))
    return crc16(data[:-2]) ^ int.from_bytes(data[-2:], "big")


@lru_cache(maxsize=32)
def _shares(body_bits: int, rank: int) -> NDArray[np.int64]:
    """Syndrome of turning each state from the one before the body on: shape (body_bits + 1,)."""
    right = checksum_error(np.zeros(body_bits, np.uint8), rank)
    by_bit = [checksum_error(row, rank) ^ right for row in np.eye(body_bits, dtype=np.uint8)]
    before, after = np.array([0, *by_bit]), np.array([*by_bit, 0])
    shares: NDArray[np.int64] = before ^ after
    return shares


def repair(
    soft: NDArray[np.float64], odds: float, body: Bits, frame_class: FrameClass, rank: int
) -> NDArray[np.int64] | None:
    """Numbers of the states to turn so that the checksum fits, or None.

    Args:
        soft: Coherent states of the whole frame, shape (bits + 1,).
        odds: Log odds for a state's sign, per size.
        body: Hard bits behind the frame type, still coded.
        frame_class: The frame's class.
        rank: Its rank.
    """
    size = np.abs(soft)
    if size.mean() ** 2 < LEAST_CLEARNESS * size.var():
        return None
    # The state before the body belongs to the frame type as well, which is known: leave it.
    first = HEADER_BITS + 1
    weak = np.argsort(size[first:])[:WEAK_STATES]
    shares = np.append(_shares(frame_class.body_bits, rank)[1:][weak], 0)
    costs = np.append(size[first:][weak], 0.0)
    cost = costs[_CHOICES].sum(axis=1)
    chosen = np.argsort(cost, kind="stable")
    all_right = -np.log1p(np.exp(-odds * size[first:])).sum()
    likely = all_right - odds * cost
    untried = max(1.0 - float(np.exp(likely).sum() + np.exp(all_right)), LEAST_UNTRIED)
    chosen = chosen[likely[chosen] >= LEAST_LIKELY + np.log(untried)]
    sums = np.bitwise_xor.reduce(shares[_CHOICES[chosen]], axis=1)
    fits = np.flatnonzero(sums == checksum_error(body, rank))
    if fits.size == 0:
        return None
    turned = _CHOICES[chosen[fits[0]]]
    states: NDArray[np.int64] = first + weak[turned[turned < WEAK_STATES]]
    return states
