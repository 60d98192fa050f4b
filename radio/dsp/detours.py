r"""The next best explanations of replicas whose best one fails the checksum.

    best path   o---o---o---o---o---o---o
                     \         /
    detour            o---o---o            leaves it, comes back, and costs a little

All that is linear: a detour changes the checksum by the same, whatever else is taken. So the
detours to take are those whose changes add up to the error that was found, the cheapest first.
"""

from __future__ import annotations

from itertools import combinations
from typing import Final

import numpy as np
from numpy.typing import NDArray

from radio.dsp.trellis import Search, trace_back
from radio.sigfox.bits import Bits
from radio.sigfox.crc import crc16_error, crc16_remainder

# Each trial lets one wrong message in 65 536 pass.
MOST_TRIALS: Final = 32
_MOST_DETOURS: Final = 16
_MOST_AT_ONCE: Final = 3
_CHOICES: Final = [
    chosen
    for count in range(1, _MOST_AT_ONCE + 1)
    for chosen in combinations(range(_MOST_DETOURS), count)
]
_PADDED: Final = np.array(
    [[*chosen, *[_MOST_DETOURS] * (_MOST_AT_ONCE - len(chosen))] for chosen in _CHOICES]
)


def mend(states: NDArray[np.float32], body: Bits) -> Bits | None:
    """The likeliest body near the best path whose checksum fits, or None.

    Args:
        states: Of one message, as `decode_together` takes them; shape (3, k).
        body: The best one, un-coded; shape (k,).
    """
    turned, cost = _detours(states)
    order = np.argsort(cost, kind="stable")[:_MOST_DETOURS]
    turned = np.concatenate((turned[order], np.zeros((1, body.size), np.uint8)))
    cost = np.append(cost[order], 0.0)
    changes = crc16_remainder(turned)
    total = cost[_PADDED].sum(axis=1)
    trials = _PADDED[np.argsort(total, kind="stable")[: 2 * MOST_TRIALS]]
    trials = trials[~_overlapping(turned[trials])][:MOST_TRIALS]
    sums = np.bitwise_xor.reduce(changes[trials], axis=1)
    fits = np.flatnonzero(sums == crc16_error(body))
    if fits.size == 0:
        return None
    mended: Bits = body ^ np.bitwise_xor.reduce(turned[trials[fits[0]]], axis=0)
    return mended


def _overlapping(turned: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Which trials take detours that are on the way at the same time: shape (trials,)."""
    first = turned.argmax(axis=2)
    last = turned.shape[2] - turned[:, :, ::-1].argmax(axis=2)
    there: NDArray[np.bool_] = np.any(turned, axis=2)
    overlapping = np.zeros(turned.shape[0], np.bool_)
    for one, other in combinations(range(_MOST_AT_ONCE), 2):
        together = (first[:, one] < last[:, other]) & (first[:, other] < last[:, one])
        overlapping |= together & there[:, one] & there[:, other]
    return overlapping


def _detours(states: NDArray[np.float32]) -> tuple[Bits, NDArray[np.float32]]:
    """Bits that differ on each detour, shape (n, k), and what it costs, shape (n,)."""
    search = Search.through(states[None])
    length = states.shape[1]
    count = length + search.score.shape[1]
    # The first leave the best path at a state, the rest end elsewhere.
    last = np.full(count, search.score[0].argmax())
    last[length:] = np.arange(search.score.shape[1])
    leaves = np.arange(count)
    paths = trace_back(search.older[:, np.zeros(count, np.int64)], last, leaves=leaves)
    best = trace_back(search.older, search.score.argmax(axis=1))[0]
    margins = search.margin[np.arange(length), 0, best, np.append(0, best[:-1])]
    cost = np.append(margins, search.score[0].max() - search.score[0])
    differ = paths ^ best
    differ[:, 1:] ^= differ[:, :-1].copy()
    cost[~differ.any(axis=1)] = np.inf
    return differ, cost
