"""Say what is wrong in a configuration so that it can be mended without the manual."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from typing import Any, Final

from msgspec import ValidationError, inspect

_PLACE: Final = re.compile(r" - at `\$(?P<path>[^`]*)`$")
_UNKNOWN: Final = re.compile(r"unknown field `(?P<key>.*?)`")
_STEP: Final = re.compile(r"\.(?P<key>[^.\[]+)|\[(?P<index>\d+|\.\.\.)\]")


class ConfigError(Exception):
    """The configuration cannot be used; the message is for people."""


def explained(error: ValidationError, raw: dict[str, Any], wanted: type) -> str:
    """The error with the key path in words, and for an unknown key the valid ones."""
    text = str(error)
    place = _PLACE.search(text)
    path = place["path"] if place else ""
    said = text[: place.start()] if place else text
    where = path.removeprefix(".") or "top level"
    unknown = _UNKNOWN.search(said)
    if unknown is None:
        return f"{where}: {said[:1].lower()}{said[1:]}"
    valid = list(_keys_at(path, raw, inspect.type_info(wanted)))
    near = difflib.get_close_matches(unknown["key"], valid, 1)
    hint = f"did you mean {near[0]!r}? " if near else ""
    return f"{where}: unknown key {unknown['key']!r}; {hint}valid keys: {', '.join(valid)}"


def _keys_at(path: str, raw: Any, kind: inspect.Type) -> Iterator[str]:  # noqa: ANN401
    for step in _STEP.finditer(path):
        struct = _struct_for(kind, raw)
        if step["key"] and struct is not None:
            kind = next(f.type for f in struct.fields if f.encode_name == step["key"])
            raw = raw.get(step["key"])
        elif isinstance(kind, inspect.ListType | inspect.VarTupleType):
            kind = kind.item_type
            raw = raw[int(step["index"])] if step["index"].isdigit() else None
    struct = _struct_for(kind, raw)
    if struct is not None:
        if struct.tag_field:
            yield struct.tag_field
        yield from (field.encode_name for field in struct.fields)


def _struct_for(kind: inspect.Type, raw: Any) -> inspect.StructType | None:  # noqa: ANN401
    """The structure that a value is read as; in a union the one that its tag names."""
    if isinstance(kind, inspect.StructType):
        return kind
    if isinstance(kind, inspect.UnionType) and isinstance(raw, dict):
        structs = [one for one in kind.types if isinstance(one, inspect.StructType)]
        return next((one for one in structs if raw.get(one.tag_field) == one.tag), None)
    return None
