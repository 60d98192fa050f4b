"""What a measurement of the radio gives: series of points with their uncertainty, and figures."""

from __future__ import annotations

import math
from collections.abc import Sequence
from enum import StrEnum

import msgspec
from figure import Figure, share


class Kind(StrEnum):
    """What a series shows; it decides how the series is drawn."""

    MEASURED = "measured"
    SECOND = "second"
    LIMIT = "limit"
    PLAIN = "plain"


class Point(msgspec.Struct, frozen=True):
    """So many of so many trials went wrong at `x`."""

    x: float
    lost: int
    trials: int

    @property
    def percent(self) -> float:
        """Share that went wrong."""
        return self.interval[0]

    @property
    def interval(self) -> tuple[float, float, float]:
        """The share with the ends of its Wilson interval, in percent."""
        return share(self.lost, self.trials)


class Series(msgspec.Struct, frozen=True):
    """Points of one kind, x rising."""

    label: str
    kind: Kind
    points: list[Point]


class Mark(msgspec.Struct, frozen=True):
    """What the design demands or aims at: no more than `percent` lost at `x`."""

    x: float
    percent: float
    kind: str


class Curve(msgspec.Struct, frozen=True, kw_only=True):
    """One picture.

    Attributes:
        name: Of its file.
        ticks: Names of x = 0, 1, 2 … where x is no number.
    """

    name: str
    title: str
    x_label: str
    y_label: str
    series: list[Series]
    marks: list[Mark] = []
    ticks: list[str] = []


class Effort(msgspec.Struct, frozen=True, kw_only=True):
    """How much is measured.

    Attributes:
        trials: Frames or messages at each point.
        crowd_s: Length of each crowded scene.
        crowd_scenes: How many of each crowd.
        noise_s: Noise to find false frames in.
        symbol_trials: Frames of the symbol-level simulations that compute the limits.
        jobs: Processes.
        coarse: Few points, to show only that it works.
    """

    trials: int = 1000
    crowd_s: float = 20.0
    crowd_scenes: int = 3
    noise_s: float = 3600.0
    symbol_trials: int = 40_000
    jobs: int = 2
    coarse: bool = False


QUICK = Effort(
    trials=6,
    crowd_s=8.0,
    crowd_scenes=1,
    noise_s=10.0,
    symbol_trials=2000,
    jobs=1,
    coarse=True,
)


class Found(msgspec.Struct, frozen=True):
    """What one measurement found."""

    figures: list[Figure]
    curves: list[Curve] = []


def crossing(points: Sequence[Point], percent: float, *, end: int = 0) -> float | None:
    """Where the loss falls to `percent` for good, between two points; None where it never does.

    Args:
        points: x rising.
        percent: Loss looked for.
        end: 0 for the curve itself, 1 or 2 for the one through the ends of its intervals.
    """
    values = [max(point.interval[end], 1e-9) for point in points]
    above = [number for number, value in enumerate(values) if value > percent]
    if not above or above[-1] + 1 == len(points):
        return None
    left = above[-1]
    # Loss falls about straight in decades over decibels; nothing lost counts as half a trial.
    high, low = (math.log10(max(values[n], 50 / points[n].trials)) for n in (left, left + 1))
    wanted = max(math.log10(percent), low)
    part = (high - wanted) / (high - low) if high > low else 1.0
    return points[left].x + part * (points[left + 1].x - points[left].x)
