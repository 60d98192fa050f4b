"""The figures for people: groups of lines, over each what was measured."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Final

from figure import Figure

HEADINGS: Final = ("figure", "value", "unit", "required", "aim")
_WIDTHS: Final = (44, 24, 12, 30, 16)
_LARGE: Final = 100.0


def table(figures: Sequence[Figure]) -> Iterator[str]:
    """Its lines; figures that were measured in the same way stand together."""
    yield _line(HEADINGS)
    for how, group in groupby(figures, lambda figure: figure.how):
        yield f"\n  {how}"
        for figure in group:
            yield _line(cells(figure))


def cells(figure: Figure) -> Sequence[str]:
    """One row under HEADINGS."""
    return figure.name, _value(figure), figure.unit, figure.required or "", figure.aim or ""


def _line(row: Sequence[str]) -> str:
    name, value, *rest = (f"{c:{width}}" for c, width in zip(row, _WIDTHS, strict=True))
    return " ".join((name, f"{value.strip():>{_WIDTHS[1]}}", *rest)).rstrip()


def _value(figure: Figure) -> str:
    if figure.low is None or figure.high is None:
        return _number(figure.value)
    return f"{_number(figure.value)} ({_number(figure.low)} to {_number(figure.high)})"


def _number(value: float) -> str:
    if value == round(value):
        return f"{value:,.0f}"
    return f"{value:,.0f}" if abs(value) >= _LARGE else f"{value:.3g}"
