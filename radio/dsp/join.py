"""Join frames that failed alone: which may be replicas of one message, and do they decode together?

The sender hops, so a replica may be anywhere in the band. What ties two frames together is their
class, different ranks, and the time between them; whether they really belong together the trellis
tells, for no wrong pair agrees as well as a right one, and the checksum confirms it.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Final

import numpy as np
from numpy.typing import NDArray

from radio.dsp.detours import mend
from radio.dsp.heard import Heard
from radio.dsp.patience import given_up_after_s
from radio.dsp.replicas import (
    LEAST_DEVIATIONS,
    Replica,
    agreement,
    deviations,
    replica_of,
    shown,
)
from radio.dsp.report import Undecoded
from radio.dsp.trellis import decode_together
from radio.sigfox.bits import Bits
from radio.sigfox.crc import crc16_fits
from radio.sigfox.frame_type import RANKS
from radio.sigfox.replica_timing import LONGEST_GAP_S

_EARLY_S: Final = 0.03  # clocks and measured starts are not exact
# Two ranks together agree by chance up to 0.86, three up to 0.74; where they decode at all it is
# more than 0.92. Each by itself must agree as well, so that a strong one cannot carry a stranger.
_LEAST_AGREEMENT: Final = {2: 0.90, 3: 0.84}
_LEAST_OF_EACH: Final = 0.70
# Trials of one frame with its possible partners: a wrong one passes the checksum once in 65 536.
_MOST_PAIRS: Final = 32
_MOST_TRIPLES: Final = 64
MOST_KEPT: Final = 256
# About once a second noise passes as a header. Over a whole frame its level shows it: at -2.7 dB at
# most in what was looked at, while no message decodes below 0 dB.
LEAST_BURST_DB: Final = -2.0

Team = tuple[Heard, ...]
Pair = tuple[Heard, Heard]


class Joiner:
    """Keeps frames of one bit rate that failed.

    Args:
        bit_rate: Their bit rate.
        rate_hz: Sample rate of the stream that their starts are counted in.
        sensing_s: Where devices listen before they talk, all gaps together may be longer by this.
    """

    def __init__(self, bit_rate: int, rate_hz: float, *, sensing_s: float = 0.0) -> None:
        self._bit_rate, self._rate_hz, self._sensing_s = bit_rate, rate_hz, sensing_s
        self.kept: list[Heard] = []

    def join(self, heard: Heard) -> list[Replica]:
        """Try a frame together with those kept; the replicas of the message found, or none.

        It is kept either way, until `forget`.
        """
        pairs = [
            (mine, theirs)
            for other in self.kept
            for theirs in other.readings
            for mine in heard.readings
            if self._may_belong(mine, theirs)
        ]
        self.kept.append(heard)
        by_class: dict[str, list[Pair]] = {}
        for pair in pairs:
            by_class.setdefault(pair[0].header.frame_class.name, []).append(pair)
        found = (self._of_class(alike) for alike in by_class.values())
        return next((replicas for replicas in found if replicas), [])

    def _of_class(self, pairs: list[Pair]) -> list[Replica]:
        """The replicas found by pairs of one class, or by these in threes."""
        pairs = pairs[-_MOST_PAIRS:]
        found, agreed = _decoded(pairs)
        if found or len(pairs) == 1:
            return found
        likely = sorted(range(len(pairs)), key=lambda i: -float(agreed[i]))
        triples = [
            (*pairs[a], pairs[b][1])
            for a, b in combinations(likely, 2)
            if pairs[a][0] is pairs[b][0] and self._may_belong(pairs[a][1], pairs[b][1])
        ]
        return _decoded(triples[:_MOST_TRIPLES])[0]

    def forget(self, heard: Heard) -> None:
        """It decoded, or is heard better now."""
        self.kept = [other for other in self.kept if heard not in other.readings]

    def expire(self, now: float) -> list[Undecoded]:
        """Give up what no replica can follow any more at stream sample `now`; bounded in number.

        What turned out to be noise is not told.
        """
        hold = given_up_after_s(self._bit_rate, self._sensing_s) * self._rate_hz
        lost = [heard for heard in self.kept if heard.header.start < now - hold]
        self.kept = [heard for heard in self.kept if heard.header.start >= now - hold]
        lost += self.kept[:-MOST_KEPT]
        self.kept = self.kept[-MOST_KEPT:]
        given_up = [heard.undecoded for heard in lost]
        return [one for one in given_up if one.snr_db >= LEAST_BURST_DB]

    def _may_belong(self, one: Heard, other: Heard) -> bool:
        """Whether class, ranks and times fit two frames of one message."""
        first, second = sorted((one.header, other.header), key=lambda header: header.rank)
        steps = second.rank - first.rank
        if first.frame_class != second.frame_class or steps == 0:
            return False
        frame_s = first.frame_class.total_bits / self._bit_rate
        gap_s = (second.start - first.start) / self._rate_hz - steps * frame_s
        return -_EARLY_S <= gap_s <= steps * LONGEST_GAP_S + self._sensing_s + _EARLY_S


def _decoded(teams: Sequence[Team]) -> tuple[list[Replica], NDArray[np.float32]]:
    """The replicas of the best team that decodes, and how well each team agreed."""
    if not teams:
        return [], np.zeros(0, np.float32)
    states = np.zeros((len(teams), len(RANKS), teams[0][0].states.size), np.float32)
    silent = np.ones(states.shape[:2], np.bool_)
    for number, team in enumerate(teams):
        for heard in team:
            states[number, heard.header.rank - 1] = heard.states
            silent[number, heard.header.rank - 1] = False
    bodies, agreed = decode_together(states)
    alike = agreed >= _LEAST_AGREEMENT[len(teams[0])]
    alike &= np.all(_agree(states, bodies) | silent, axis=1)
    for number in sorted(np.flatnonzero(alike).tolist(), key=lambda n: -float(agreed[n])):
        body = bodies[number]
        mended = body if crc16_fits(body) else mend(states[number], body)
        replicas = [replica_of(heard, mended) for heard in teams[number] if mended is not None]
        if replicas and None not in replicas:
            return [replica for replica in replicas if replica is not None], agreed
    return [], agreed


def _agree(states: NDArray[np.float32], bodies: Bits) -> NDArray[np.bool_]:
    """Which replicas, shape (n, 3, k), agree by themselves with the bodies: shape (n, 3)."""
    expected = shown(bodies)
    agrees: NDArray[np.bool_] = agreement(states, expected) >= _LEAST_OF_EACH
    return agrees & (deviations(states, expected) >= LEAST_DEVIATIONS)
