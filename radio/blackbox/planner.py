"""Which undecoded bursts become a clip: strong ones, not too many, those of a message together.

Sans-I/O; time is that of the stream.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Final

from radio.blackbox.reach import BEFORE_S, WAIT_S
from radio.dsp.report import Undecoded
from radio.sigfox.replica_timing import LONGEST_FRAME_BITS

_AFTER_S: Final = 0.5
# Three frames of the longest and the gaps between.
LONGEST_S: Final = 12.0
_HOUR_S: Final = 3600.0
_MOST_BURSTS: Final = 20


@dataclass(slots=True)
class Planned:
    """A clip to cut: from where to where in seconds of the stream, because of which bursts."""

    begin_s: float
    end_s: float
    bursts: list[Undecoded]

    @property
    def snr_db(self) -> float:
        """Of the strongest burst."""
        return max(burst.snr_db for burst in self.bursts)


class ClipPlanner:
    """Plans clips.

    Attributes:
        passed_over: Bursts that were worth a clip but came when the hour had its share.
    """

    def __init__(self, *, lowest_snr_db: float, per_hour: int) -> None:
        self._lowest_snr_db, self._per_hour = lowest_snr_db, per_hour
        self._begun_s: deque[float] = deque(maxlen=max(per_hour, 1))
        self._open: Planned | None = None
        self._due_s = 0.0
        self.passed_over = 0

    def undecoded(self, burst: Undecoded, now_s: float) -> None:
        """A burst was given up."""
        if burst.snr_db < self._lowest_snr_db:
            return
        begin_s = burst.start_s - BEFORE_S
        end_s = burst.start_s + LONGEST_FRAME_BITS / burst.bit_rate + _AFTER_S
        if self._joins(begin_s, end_s):
            self._join(burst, begin_s, end_s)
        elif self._open is not None or not self._allowed(now_s):
            self.passed_over += 1
        else:
            self._begun_s.append(now_s)
            self._open, self._due_s = Planned(begin_s, end_s, [burst]), now_s + WAIT_S

    def due(self, now_s: float) -> Planned | None:
        """The clip that nothing more is expected for, once."""
        if self._open is None or now_s < self._due_s:
            return None
        planned, self._open = self._open, None
        return planned

    def _allowed(self, now_s: float) -> bool:
        if self._per_hour == 0:
            return False
        full = len(self._begun_s) == self._per_hour
        return not (full and now_s - self._begun_s[0] < _HOUR_S)

    def _joins(self, begin_s: float, end_s: float) -> bool:
        clip = self._open
        if clip is None or len(clip.bursts) >= _MOST_BURSTS:
            return False
        return max(clip.end_s, end_s) - min(clip.begin_s, begin_s) <= LONGEST_S

    def _join(self, burst: Undecoded, begin_s: float, end_s: float) -> None:
        if (clip := self._open) is not None:
            clip.begin_s, clip.end_s = min(clip.begin_s, begin_s), max(clip.end_s, end_s)
            clip.bursts.append(burst)
