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

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from radio.sigfox.bits import Bits

_STATES: Final = 4
_IMPOSSIBLE: Final = 1e30
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


@dataclass(frozen=True, slots=True)
class Search:
    """All paths through the trellises of n messages, k steps each; states are (V, V1).

    Attributes:
        score: Of the best path to each state after the last step; shape (n, 4).
        older: V2 on the best path to each state; shape (k, n, 2, 2).
        margin: By how much the other V2 is worse; shape as `older`.
    """

    score: NDArray[np.float32]
    older: NDArray[np.bool_]
    margin: NDArray[np.float32]

    @classmethod
    def through(cls, states: NDArray[np.float32]) -> Search:
        """Follow the best path to each state; states as `decode_together` takes them."""
        count, _, length = states.shape
        branch = np.tensordot(states, _SHOWN, axes=([1], [0]))  # (n, k, V, V1, V2)
        # What cannot be, for the running sum begins with 0, costs more than all states together.
        score = np.full((count, 2, 2), -_IMPOSSIBLE, np.float32)  # (V1, V2)
        score[:, 0, 0] = 0
        gain = np.empty((length, count, 2, 2), np.float32)
        for k in range(length):
            both = score[:, None] + branch[:, k]
            np.subtract(both[..., 1], both[..., 0], out=gain[k])
            score = both.max(axis=-1)
        return cls(score.reshape(count, _STATES), gain > 0, np.abs(gain))


def decode_together(states: NDArray[np.float32]) -> tuple[Bits, NDArray[np.float32]]:
    """The messages that explain the replicas best.

    Args:
        states: `body_states` by weight; shape (n, 3, k) for n messages, ranks 1 to 3, k bits. A
            rank that was not heard is zero.

    Returns:
        Un-coded bits, shape (n, k), and the share of the states' size that agrees, shape (n,).
    """
    search = Search.through(states)
    running = trace_back(search.older, search.score.argmax(axis=1))
    bits = running.copy()
    bits[:, 1:] ^= running[:, :-1]
    return bits, search.score.max(axis=1) / (np.abs(states).sum(axis=(1, 2)) + np.float32(1e-30))


def trace_back(
    older: NDArray[np.bool_],
    last: NDArray[np.int64],
    *,
    leaves: NDArray[np.int64] | None = None,
) -> Bits:
    """Running sums V on the way to the last states.

    Args:
        older: Of a search; shape (k, n, 2, 2).
        last: Last state of each path; shape (n,).
        leaves: The step at which each path takes the other way; shape (n,).

    Returns:
        Shape (n, k).
    """
    length, count = older.shape[:2]
    number = np.arange(count)
    newer, old = last >> 1, last & 1
    running = np.empty((count, length), np.uint8)
    for k in range(length - 1, -1, -1):
        running[:, k] = newer
        oldest = older[k, number, newer, old]
        if leaves is not None:
            oldest = oldest ^ (leaves == k)
        newer, old = old, oldest.astype(np.int64)
    return running
