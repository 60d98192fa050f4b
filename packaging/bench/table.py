"""The figures for people: groups of lines, over each what was measured."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Final

from figure import Figure

HEADINGS: Final = ("figure", "value", "unit", "required", "aim")
COMPARED: Final = ("limit", "plain")
"""Columns that stand only where some figure has them."""
_WIDTHS: Final = (44, 24, 12, 30, 16, 8, 8)
_LARGE: Final = 100.0


def table(figures: Sequence[Figure]) -> Iterator[str]:
    """Its lines; figures that were measured in the same way stand together."""
    columns = headings(figures)
    yield _line(columns)
    for how, group in groupby(figures, lambda figure: figure.how):
        yield f"\n  {how}"
        for figure in group:
            yield _line(cells(figure, columns))


def headings(figures: Sequence[Figure]) -> Sequence[str]:
    """Of the columns that these figures need."""
    return *HEADINGS, *(name for name in COMPARED if any(getattr(f, name) for f in figures))


def cells(figure: Figure, columns: Sequence[str] = HEADINGS) -> Sequence[str]:
    """One row under these headings."""
    rest = (getattr(figure, name) or "" for name in columns[3:])
    return figure.name, _value(figure), figure.unit, *rest


def _line(row: Sequence[str]) -> str:
    name, value, *rest = (f"{c:{width}}" for c, width in zip(row, _WIDTHS, strict=False))
    return " ".join((name, f"{value.strip():>{_WIDTHS[1]}}", *rest)).rstrip()


def _value(figure: Figure) -> str:
    if figure.low is None or figure.high is None:
        return _number(figure.value)
    return f"{_number(figure.value)} ({_number(figure.low)} to {_number(figure.high)})"


def _number(value: float) -> str:
    if value == round(value):
        return f"{value:,.0f}"
    return f"{value:,.0f}" if abs(value) >= _LARGE else f"{value:.3g}"
