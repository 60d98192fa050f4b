"""Lists as people keep them: one entry a line with # comments, or a column of a CSV file."""

from __future__ import annotations

import csv
import io
from typing import Final

from nap.whitelist.entries import EntryError, parse_entry
from nap.whitelist.rules import ENTRIES_LIMIT

FILE_LIMIT: Final = 16 * 1024 * 1024
"""Bytes of a file to import; 200 000 lines with a comment each take less."""
_COLUMNS: Final = ("device_id", "device", "id", "deviceid")
_ERRORS_SHOWN: Final = 20


class ListFormatError(ValueError):
    """The file cannot be taken; the message names each wrong line, up to twenty."""


def read_entries(content: bytes, *, name: str, column: str | None = None) -> list[str]:
    """The entries of a file in their shortest form, in order, each once.

    Args:
        content: Text, UTF-8. With a header line that has a comma or semicolon it is CSV.
        name: Of the file, for messages.
        column: Of the CSV file; without it device_id, device or id is looked for.

    Raises:
        ListFormatError: too large, not text, no such column, or lines that are no entries.
    """
    text = _decoded(content, name)
    rows = _csv_rows(text, name, column) if _is_csv(text, column) else _plain_rows(text)
    entries: dict[str, None] = {}
    errors: list[str] = []
    for line, value in rows:
        try:
            entries[str(parse_entry(value))] = None
        except EntryError as error:
            errors.append(f"{name}:{line}: {error}")
    if errors:
        more = len(errors) - _ERRORS_SHOWN
        shown = errors[:_ERRORS_SHOWN] + ([f"… and {more} more"] if more > 0 else [])
        raise ListFormatError("\n".join(shown))
    if len(entries) > ENTRIES_LIMIT:
        msg = (
            f"{name}: {len(entries)} entries; a list holds {ENTRIES_LIMIT}: use prefixes or ranges"
        )
        raise ListFormatError(msg)
    return list(entries)


def _decoded(content: bytes, name: str) -> str:
    if len(content) > FILE_LIMIT:
        msg = f"{name}: larger than {FILE_LIMIT} bytes: split it, or use prefixes or ranges"
        raise ListFormatError(msg)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        msg = f"{name}:{line}: not UTF-8 text"
        raise ListFormatError(msg) from error


def _is_csv(text: str, column: str | None) -> bool:
    head = text.split("\n", 1)[0].strip()
    if column is not None or head.lower() in _COLUMNS:
        return True
    return not head.startswith("#") and ("," in head or ";" in head)


def _plain_rows(text: str) -> list[tuple[int, str]]:
    lines = ((number, line.split("#", 1)[0].strip()) for number, line in _numbered(text))
    return [(number, line) for number, line in lines if line]


def _numbered(text: str) -> list[tuple[int, str]]:
    # Only real line ends: str.splitlines would count a form feed as one, and editors do not.
    return list(enumerate(text.replace("\r\n", "\n").split("\n"), 1))


def _csv_rows(text: str, name: str, column: str | None) -> list[tuple[int, str]]:
    head = text.split("\n", 1)[0]
    reader = csv.reader(io.StringIO(text), delimiter=";" if ";" in head else ",", strict=True)
    try:
        names = [title.strip().lower() for title in next(reader, [])]
        wanted = (column.lower(),) if column else _COLUMNS
        at = next((names.index(title) for title in wanted if title in names), None)
        if at is None:
            found = ", ".join(names)[:200]
            msg = f"{name}:1: no column {' or '.join(wanted)}; it has {found}"
            raise ListFormatError(msg)
        rows = [(reader.line_num, row[at] if at < len(row) else "") for row in reader if row]
    except csv.Error as error:
        msg = f"{name}:{reader.line_num}: {error}"
        raise ListFormatError(msg) from error
    return [(line, value.strip()) for line, value in rows]
