"""What theory allows with perfect synchronisation, found by simulating symbols alone.

SNR is signal power over noise power in bit-rate Hz, which is Es/N0. Codes are linear and the noise
has no preferred sign, so it is enough to send the phase states +1 throughout. Frame type and what
comes before it count as known. The chance that a wrong candidate passes the CRC (below 0.12 % of
the frames that need one) is left out.
"""

from __future__ import annotations

from itertools import combinations
from typing import Final

import numpy as np
from curves.curve import Point
from numpy.typing import NDArray

from radio.sigfox.frame_type import FRAME_CLASSES, ClassName

BODY_STATES: Final = FRAME_CLASSES[ClassName.E].body_bits
"""Phase states that are not known beforehand in a frame of 12 bytes."""
LIST_SIZE: Final = 76
_WEAKEST: Final = 12
_MOST_TURNS: Final = 3
_AT_ONCE: Final = 2000

_SETS: Final = np.array(
    [
        [place in chosen for place in range(_WEAKEST)]
        for count in range(_MOST_TURNS + 1)
        for chosen in combinations(range(_WEAKEST), count)
    ],
    np.float64,
)

Soft = NDArray[np.float64]


def frame_limit(snr_db: float, trials: int, seed: int) -> Point:
    """Frames of 12 bytes lost: coherent decisions, then the 76 likeliest corrections by the CRC."""
    rng = np.random.default_rng((seed, round(1000 * snr_db) + 100_000))
    lost = sum(
        int(_lost_with_list(_states(rng, snr_db, (count, BODY_STATES))).sum())
        for count in _portions(trials)
    )
    return Point(snr_db, lost, trials)


def message_limit(snr_db: float, trials: int, seed: int) -> Point:
    """Messages of three frames lost: all states of all ranks in one coherent Viterbi search."""
    rng = np.random.default_rng((seed, round(1000 * snr_db) + 100_000))
    lost = sum(
        int(_lost_jointly(_states(rng, snr_db, (BODY_STATES, 3, count))).sum())
        for count in _portions(trials)
    )
    return Point(snr_db, lost, trials)


def frequency_limit_hz(snr_db: float, bits: int, bit_rate: int) -> float:
    """Least deviation (Cramér-Rao) of the carrier of a frame whose bits are known.

    Source: D. Rife, R. Boorstyn, "Single tone parameter estimation", 1974: 6 / (Es/N0 N^3) for the
    square of the angle per symbol, N large. An unknown drift changes nothing at the middle.
    """
    energy = 10 ** (snr_db / 10)
    return float(np.sqrt(6 / (energy * bits**3)) * bit_rate / (2 * np.pi))


def _portions(trials: int) -> list[int]:
    return [min(_AT_ONCE, trials - done) for done in range(0, trials, _AT_ONCE)]


def _states(rng: np.random.Generator, snr_db: float, shape: tuple[int, ...]) -> Soft:
    """Received states: noise of deviation 1 in the one dimension that a coherent receiver sees."""
    return np.sqrt(2 * 10 ** (snr_db / 10)) + rng.standard_normal(shape)


def _lost_with_list(soft: Soft) -> NDArray[np.bool_]:
    """Which frames are not among the candidates; `soft` has shape (frames, states)."""
    size, wrong = np.abs(soft), soft < 0
    weakest = np.argpartition(size, _WEAKEST, axis=1)[:, :_WEAKEST]
    costs = np.take_along_axis(size, weakest, axis=1)
    turned = np.take_along_axis(wrong, weakest, axis=1)
    count = wrong.sum(axis=1)
    reachable = (turned.sum(axis=1) == count) & (count <= _MOST_TURNS)
    cost = (costs * turned).sum(axis=1)
    # The decision without a correction comes before the list, and is the one set without cost.
    cheaper = (costs @ _SETS.T < cost[:, None]).sum(axis=1) - (count > 0)
    return ~reachable | (cheaper >= LIST_SIZE)


def _lost_jointly(soft: Soft) -> NDArray[np.bool_]:
    """Which messages the search gets wrong; `soft` has shape (states, ranks, messages).

    With v = u/(1+D) the phase states of the three ranks are v, (1+D+D^2)v and (1+D^2)v: a code of
    four states (v[k-1], v[k-2]). All zeros were sent: a path is right as long as it stays in 0.
    """
    count = soft.shape[2]
    metric = np.full((4, count), -np.inf)
    metric[0] = 0.0
    right = np.zeros((4, count), np.bool_)
    right[0] = True
    for received in soft:
        metric, right = _step(received, metric, right)
    best = metric.argmax(axis=0)
    return ~right[best, np.arange(count)]


def _step(received: Soft, metric: Soft, right: NDArray[np.bool_]) -> tuple[Soft, NDArray[np.bool_]]:
    """One state of each rank; the trellis state is 2 v[k-1] + v[k-2]."""
    next_metric, next_right = np.empty_like(metric), np.empty_like(right)
    for state in range(4):
        v, before = divmod(state, 2)
        paths = []
        for oldest in range(2):
            sent = np.array([v, v ^ before ^ oldest, v ^ oldest])
            paths.append(metric[2 * before + oldest] + (1 - 2 * sent) @ received)
        second = paths[1] > paths[0]
        next_metric[state] = np.where(second, paths[1], paths[0])
        from_first = right[2 * before] & (state == 0)
        next_right[state] = np.where(second, False, from_first)  # noqa: FBT003 - an array of it
    return next_metric, next_right
