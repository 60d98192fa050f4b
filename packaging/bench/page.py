"""The figures as a table in a page of the documentation, between two marks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from figure import Figure
from table import cells, headings

BEGIN: Final = "<!-- figures -->\n"
END: Final = "<!-- end of figures -->"


def write_page(page: Path, figures: Sequence[Figure], report: Mapping[str, Any]) -> None:
    """Replace what stands between the marks of `page`.

    Raises:
        ValueError: the page has no such marks.
    """
    text = page.read_text()
    before, after = text.index(BEGIN) + len(BEGIN), text.index(END)
    lines = [*_facts(report), "", *_rows(figures), ""]
    page.write_text(text[:before] + "\n".join(lines) + text[after:])


def _facts(report: Mapping[str, Any]) -> Iterator[str]:
    yield f"Measured {report['measured_utc']} on: " + ", ".join(
        f"{name} {value}" for name, value in report["machine"].items()
    )
    yield "with " + ", ".join(f"{name} {value}" for name, value in report["versions"].items())


def _rows(figures: Sequence[Figure]) -> Iterator[str]:
    columns = headings(figures)
    yield "| " + " | ".join((*columns, "how")) + " |"
    yield "|---" * (len(columns) + 1) + "|"
    before = None
    for figure in figures:
        name, *rest = cells(figure, columns)
        how = "″" if figure.how == before else figure.how
        before = figure.how
        yield "| " + " | ".join((f"`{name}`", *rest, how)) + " |"
