"""What a measurement gives: a figure with its unit, its aim and how it was found."""

from __future__ import annotations

import math
from collections.abc import Sequence

import msgspec

_CONFIDENT: float = 1.96
"""Standard deviations that hold 95 of 100 cases."""


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """One measured figure.

    Attributes:
        name: Unique, with its unit.
        unit: For people.
        how: One line: what exactly was measured, over how much.
        required: What the design demands, in words.
        aim: What the design aims at, in words.
        low: Lower end of the 95 % interval where the figure is a share of trials.
        high: Upper end of it.
        limit: What theory allows, computed beside the measurement.
        plain: What a plain receiver reached on the same samples.
    """

    name: str
    value: float
    unit: str
    how: str
    required: str | None = None
    aim: str | None = None
    low: float | None = None
    high: float | None = None
    limit: str | None = None
    plain: str | None = None


def share(happened: int, trials: int) -> tuple[float, float, float]:
    """Percent of the trials in which it happened, with the ends of its Wilson interval."""
    part, z2 = happened / trials, _CONFIDENT**2
    middle = (part + z2 / (2 * trials)) / (1 + z2 / trials)
    spread = math.sqrt(part * (1 - part) / trials + z2 / (4 * trials**2)) / (1 + z2 / trials)
    half = _CONFIDENT * spread
    low = 100 * (middle - half) if happened else 0.0
    return 100 * part, low, 100 * (middle + half) if happened < trials else 100.0


def percentile(values: Sequence[float], percent: float) -> float:
    """The value that `percent` of 100 do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, math.ceil(percent / 100 * len(ordered)) - 1)]
