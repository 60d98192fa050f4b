"""Figures out of loss curves."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from curves.curve import Mark, Point, crossing
from figure import Figure


class Goal(msgspec.Struct, frozen=True):
    """No more than `percent` lost from so many decibels on."""

    percent: float
    required_db: float
    aim_db: float

    @property
    def marks(self) -> list[Mark]:
        """The same, for a picture."""
        return [
            Mark(self.required_db, self.percent, "required"),
            Mark(self.aim_db, self.percent, "aim"),
        ]


def share_figure(
    name: str, point: Point, how: str, *, required: str | None = None, aim: str | None = None
) -> Figure:
    """One point of a curve."""
    value, low, high = point.interval
    return Figure(
        name=name,
        value=value,
        unit=f"% of {point.trials:,}",
        how=how,
        required=required,
        aim=aim,
        low=low,
        high=high,
    )


def goal_figures(
    name: str,
    goal: Goal,
    ours: Sequence[Point],
    *,
    limit: Sequence[Point],
    plain: Sequence[Point],
    how: str,
) -> list[Figure]:
    """Where the curve falls to the goal's share, beside limit and plain; the share at its levels.

    `name` goes into the names of the figures; a curve that never falls so low gives no level.
    """
    percent, found = goal.percent, list[Figure]()
    if (level_db := crossing(ours, percent)) is not None:
        found.append(
            Figure(
                name=f"{name}_{percent:g}_percent_lost_at",
                value=level_db,
                unit="dB",
                how=how,
                required=f"≤ {goal.required_db:g}",
                aim=f"≤ {goal.aim_db:g}",
                low=crossing(ours, percent, end=1),
                high=crossing(ours, percent, end=2),
                limit=_db(crossing(limit, percent)),
                plain=_db(crossing(plain, percent)),
            )
        )
    text = f"≤ {percent:g}"
    for point in ours:
        if point.x in {goal.required_db, goal.aim_db}:
            found.append(
                share_figure(
                    f"{name}_lost_at_{point.x:g}_db",
                    point,
                    how,
                    required=text if point.x == goal.required_db else None,
                    aim=text if point.x == goal.aim_db else None,
                )
            )
    return found


def false_figure(name: str, false: int, true: int, how: str) -> Figure:
    """Frames decoded that nobody sent, beside how many were."""
    return Figure(
        name=f"{name}_false_frames",
        value=false,
        unit=f"beside {true:,}",
        how=how,
        required="≤ 1e-3 each",
        aim="≤ 1e-4 each",
    )


def _db(level: float | None) -> str | None:
    return None if level is None else f"{level:.2f}"
