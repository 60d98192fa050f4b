"""Draw curves as PNG."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any, Final

import matplotlib as mpl
from curves.curve import Curve, Kind, Point, Series

mpl.use("Agg")

from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter

FLOOR_PERCENT: Final = 0.02
LEAST_EVENTS: Final = 50
"""A line through fewer would be a line through noise."""
_SIZE_INCH: Final = (8.6, 5.2)
_DOTS_PER_INCH: Final = 110
_STYLES: Final[dict[Kind, dict[str, Any]]] = {
    Kind.MEASURED: {"color": "#0b6e99", "marker": "o", "linestyle": "-", "linewidth": 1.8},
    Kind.SECOND: {"color": "#d1690e", "marker": "s", "linestyle": "-", "linewidth": 1.4},
    Kind.PLAIN: {"color": "#8a8a8a", "marker": "x", "linestyle": "--", "linewidth": 1.2},
    Kind.LIMIT: {"color": "#1a1a1a", "marker": "", "linestyle": ":", "linewidth": 1.8},
}
_MARKS: Final[dict[str, dict[str, Any]]] = {
    "required": {"color": "#b3261e", "marker": "v"},
    "aim": {"color": "#2e7d32", "marker": "v"},
}

# In a picture of cases, where both may be the same.
_BESIDE: Final = {"required": -0.12, "aim": 0.12}


def draw(curve: Curve, folder: Path) -> Path:
    """Draw `curve` as FOLDER/NAME.png."""
    figure, axes = plt.subplots(figsize=_SIZE_INCH, dpi=_DOTS_PER_INCH, layout="constrained")
    axes.set_yscale("log")
    for series in curve.series:
        _series(axes, series, joined=not curve.ticks)
    for kind, style in _MARKS.items():
        marks = [mark for mark in curve.marks if mark.kind == kind]
        if marks:
            beside = _BESIDE[kind] if curve.ticks else 0.0
            at = [mark.x + beside for mark in marks], [mark.percent for mark in marks]
            axes.plot(*at, **style, markersize=9, linestyle="", label=kind, zorder=4)
    if curve.ticks:
        axes.set_xticks(range(len(curve.ticks)), curve.ticks)
        axes.set_xlim(-0.5, len(curve.ticks) - 0.5)
    axes.set(title=curve.title, xlabel=curve.x_label, ylabel=curve.y_label)
    axes.set_ylim(FLOOR_PERCENT, 130)
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.grid(which="major", color="#d9d9d9", linewidth=0.8)
    axes.grid(which="minor", color="#efefef", linewidth=0.5)
    axes.set_axisbelow(True)
    axes.legend(fontsize=9, framealpha=0.95)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{curve.name}.png"
    # Without the date and version that are usual: the same figures give the same file.
    figure.savefig(path, metadata={"Software": None})
    plt.close(figure)
    return path


def _series(axes: Axes, series: Series, *, joined: bool) -> None:
    style = _STYLES[series.kind]
    if series.kind == Kind.LIMIT:
        seen = [point for point in series.points if point.lost >= LEAST_EVENTS]
        axes.plot([p.x for p in seen], [p.percent for p in seen], label=series.label, **style)
        return
    style = style if joined else {**style, "linestyle": ""}
    # No line through where nothing was lost: there an arrow hangs from what may still be lost with
    # 95 % certainty.
    none = [point for point in series.points if not point.lost]
    axes.errorbar(
        [point.x for point in series.points],
        [point.percent if point.lost else math.nan for point in series.points],
        yerr=_bars(series.points),
        capsize=2.5,
        elinewidth=1,
        markersize=5,
        label=series.label,
        **style,
    )
    if none:
        at = [point.x for point in none], [point.interval[2] for point in none]
        axes.plot(
            *at,
            linestyle="",
            marker=r"$\downarrow$",
            markersize=11,
            color=style["color"],
        )


def _bars(points: list[Point]) -> list[list[float]]:
    intervals = [point.interval for point in points]
    return [
        [value - low for value, low, _ in intervals],
        [high - value for value, _, high in intervals],
    ]
