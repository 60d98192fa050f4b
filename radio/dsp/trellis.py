"""Decode the replicas of a message together, on their absolute phase states.

Bits are sent as turns of the phase, so a phase state is the running sum of all bits before it, and
coding is linear: with V the running sum of the message's bits u,

    rank 1 shows V[k]      rank 2 shows V[k] + V[k-1] + V[k-2]      rank 3 shows V[k] + V[k-2]

(sums modulo 2; a constant half turn every second state is known). That is the same code of
constraint length 3 that the bits obey, and one trellis of four states decodes all replicas at once
without the loss of comparing neighbouring states.

       state (V[k-1], V[k-2])  --V[k]-->  (V[k], V[k-1])
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from radio.sigfox.bits import Bits

_STATES: Final = 4
# For V[k], V[k-1], V[k-2]: what each rank shows, +1 for 0; shape (3, 2, 2, 2).
_V, _V1, _V2 = np.meshgrid(*[np.arange(2)] * 3, indexing="ij")
_SHOWN: Final = (1 - 2 * np.array([_V, _V ^ _V1 ^ _V2, _V ^ _V2])).astype(np.float32)


def body_states(soft: NDArray[np.float64], header: NDArray[np.float32]) -> NDArray[np.float32]:
    """The states behind a header as a trellis takes them: + where their running sum is 0.

    Args:
        soft: Coherent states of the whole frame, shape (bits + 1,).
        header: Its known first states, +1 and -1; shape (33,).

    Returns:
        Shape (bits - 32,).
    """
    sign = 1.0 if soft[: header.size] @ header >= 0 else -1.0
    body = soft[header.size :] * (sign * header[-1])
    # A 1 bit keeps the phase and a 0 turns it: running sums count ones, turns are the rest.
    body[::2] *= -1
    states: NDArray[np.float32] = body.astype(np.float32)
    return states


def decode_together(states: NDArray[np.float32]) -> tuple[Bits, NDArray[np.float32]]:
    """The messages that explain the replicas best.

    Args:
        states: `body_states` by weight; shape (n, 3, k) for n messages, ranks 1 to 3, k bits. A
            rank that was not heard is zero.

    Returns:
        Un-coded bits, shape (n, k), and the share of the states' size that agrees, shape (n,).
    """
    count, _, length = states.shape
    branch = np.tensordot(states, _SHOWN, axes=([1], [0]))  # (n, k, V, V1, V2)
    score = np.full((count, 2, 2), -np.inf, np.float32)  # (V1, V2)
    score[:, 0, 0] = 0
    oldest = np.empty((length, count, 2, 2), np.bool_)  # V2 that was better, by (V, V1)
    for k in range(length):
        both = score[:, None] + branch[:, k]
        np.greater(both[..., 1], both[..., 0], out=oldest[k])
        score = both.max(axis=-1)
    flat = score.reshape(count, _STATES)
    running = _trace_back(oldest, flat.argmax(axis=1))
    bits = running.copy()
    bits[:, 1:] ^= running[:, :-1]
    agreement = flat.max(axis=1) / (np.abs(states).sum(axis=(1, 2)) + 1e-30)
    return bits, agreement


def _trace_back(oldest: NDArray[np.bool_], last: NDArray[np.int64]) -> Bits:
    length, count = oldest.shape[:2]
    number = np.arange(count)
    newer, older = last >> 1, last & 1
    running = np.empty((count, length), np.uint8)
    for k in range(length - 1, -1, -1):
        running[:, k] = newer
        newer, older = older, oldest[k, number, newer, older].astype(np.int64)
    return running
