"""Noise, occupancy and drift of the last 24 hours, from what the radio worker tells of minutes."""

from __future__ import annotations

from array import array
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from operator import mul
from statistics import median
from typing import Final

import msgspec

from radio.events import LevelsMeasured

DAY_S: Final = 86_400.0
_MOST: Final = 300
"""Ten-minute measurements of two days; more come only of a worker that starts all the time."""


class LevelsOfDay(msgspec.Struct, frozen=True, kw_only=True):
    """Up to 24 hours of air.

    Attributes:
        hours: How much was measured.
        noise_dbfs_per_hz: Median noise of all kHz and times.
        noise_dbm_per_hz: The same at the antenna; None while uncalibrated.
        busy: Share of time and frequency in which something 3 dB above the noise was heard.
        busy_now: The same in the newest measurement.
        common_drift_hz_per_s: Median drift of frames, newest: that of our own oscillator.
        usual_drift_hz_per_s: Median distance of drifts from that: the devices' own.
        khz: Each watched kHz [k, k + 1), counted from 0 Hz; the lists below go with it.
        noise_of_khz: Its noise, dB over full scale in 1 Hz: median of the day.
        quietest_of_khz: The lowest of the day's measurements.
        loudest_of_khz: The highest.
        busy_of_khz: Share of the time in which it was busy.
    """

    hours: float
    noise_dbfs_per_hz: float
    noise_dbm_per_hz: float | None
    busy: float
    busy_now: float
    common_drift_hz_per_s: float | None
    usual_drift_hz_per_s: float | None
    khz: list[int]
    noise_of_khz: list[float]
    quietest_of_khz: list[float]
    loudest_of_khz: list[float]
    busy_of_khz: list[float]


@dataclass(frozen=True, slots=True)
class _Measured:
    at: float
    seconds: float
    noise: array[float]
    busy: array[float]


class LevelHistory:
    """Keeps the day; each measurement in four bytes a value."""

    def __init__(self) -> None:
        self._khz: list[int] = []
        self._kept: deque[_Measured] = deque(maxlen=_MOST)
        self._day: LevelsOfDay | None = None

    def add(self, measured: LevelsMeasured, full_scale_dbm: float | None, now: float) -> None:
        """Take one, told at `now` (monotonic seconds); one that makes no sense is left out."""
        count = len(measured.khz)
        if not count or {len(measured.noise_dbfs_per_hz), len(measured.busy)} != {count}:
            return
        if measured.khz != self._khz:  # other zones: nothing to compare with
            self._kept.clear()
            self._khz = measured.khz
        noise, busy = array("f", measured.noise_dbfs_per_hz), array("f", measured.busy)
        self._kept.append(_Measured(now, measured.seconds, noise, busy))
        while now - self._kept[0].at > DAY_S:
            self._kept.popleft()
        self._day = self._summed_up(measured, full_scale_dbm)

    def day(self) -> LevelsOfDay | None:
        """The last 24 hours; None before the first measurement."""
        return self._day

    def _summed_up(self, newest: LevelsMeasured, full_scale_dbm: float | None) -> LevelsOfDay:
        noise = [sorted(column) for column in zip(*(one.noise for one in self._kept), strict=True)]
        seconds = [one.seconds for one in self._kept]
        total_s = sum(seconds) or 1.0
        busy = [
            sum(map(mul, column, seconds)) / total_s
            for column in zip(*(one.busy for one in self._kept), strict=True)
        ]
        middles = [median(column) for column in noise]
        overall = median(middles)
        return LevelsOfDay(
            hours=round(total_s / 3600, 2),
            noise_dbfs_per_hz=round(overall, 1),
            noise_dbm_per_hz=None if full_scale_dbm is None else round(overall + full_scale_dbm, 1),
            busy=_mean(busy),
            busy_now=_mean(newest.busy),
            common_drift_hz_per_s=newest.common_drift_hz_per_s,
            usual_drift_hz_per_s=newest.usual_drift_hz_per_s,
            khz=self._khz,
            noise_of_khz=[round(value, 1) for value in middles],
            quietest_of_khz=[round(column[0], 1) for column in noise],
            loudest_of_khz=[round(column[-1], 1) for column in noise],
            busy_of_khz=[round(value, 4) for value in busy],
        )


def _mean(values: Sequence[float]) -> float:
    return round(sum(values) / len(values), 5)
