"""Write a configuration as the file that would give it, with what each key means as comment."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Iterator
from enum import Enum
from inspect import cleandoc
from pathlib import PurePath
from typing import Any, Final

import msgspec
from msgspec import Struct, inspect

_WIDTH: Final = 96
_ATTRIBUTE: Final = re.compile(r"^    (?P<name>\w+): (?P<text>.*(?:\n {8,}.*)*)", re.MULTILINE)


def commented(config: Struct) -> str:
    """The file, as TOML; reading it gives `config` again."""
    return "\n".join(_table(config, "", "")) + "\n"


def _table(struct: Struct, path: str, header: str) -> Iterator[str]:
    """One table: what it is for, its plain values, then the tables in it."""
    yield from _comment(_first_sentence(struct))
    if header:
        yield header
    yield from _tag(struct)
    facts = _attributes(type(struct))
    inner: list[tuple[str, Any]] = []
    for field in msgspec.structs.fields(struct):
        value = getattr(struct, field.encode_name)
        if isinstance(value, Struct) or _is_tables(value):
            inner.append((field.encode_name, value))
        else:
            yield from _key(field, value, facts.get(field.encode_name, ""))
    for name, value in inner:
        below = f"{path}{name}"
        if isinstance(value, Struct):
            yield ""
            yield from _table(value, f"{below}.", f"[{below}]")
        for entry in value if isinstance(value, list) else ():
            yield ""
            yield from _table(entry, f"{below}.", f"[[{below}]]")


def _is_tables(value: object) -> bool:
    return isinstance(value, list) and any(isinstance(entry, Struct) for entry in value)


def _tag(struct: Struct) -> Iterator[str]:
    config = struct.__struct_config__
    if config.tag_field:
        yield f"{config.tag_field} = {_value(config.tag)}"


def _key(field: msgspec.structs.FieldInfo, value: Any, text: str) -> Iterator[str]:  # noqa: ANN401
    limits = _limits(inspect.type_info(field.type))
    yield from _comment(" ".join(part for part in (text, f"({limits})" if limits else "") if part))
    if value is None:
        yield f"# {field.encode_name} ="
    else:
        yield f"{field.encode_name} = {_value(value)}"


def _limits(kind: inspect.Type) -> str:
    """What a value may be, where a line can say it."""
    match kind:
        case inspect.UnionType():
            return ", ".join(filter(None, map(_limits, kind.types)))
        case inspect.LiteralType():
            return " | ".join(map(str, kind.values))
        case inspect.EnumType():
            return " | ".join(str(member.value) for member in kind.cls)
        case inspect.VarTupleType(item_type=inner) | inspect.Metadata(type=inner):
            return _limits(inner)
        case inspect.IntType() | inspect.FloatType():
            return _between(kind)
        case _:
            return ""


def _between(kind: inspect.IntType | inspect.FloatType) -> str:
    low = kind.ge if kind.ge is not None else kind.gt
    high = kind.le if kind.le is not None else kind.lt
    return "" if low is None or high is None else f"{low:,} to {high:,}"


def _value(value: Any) -> str:  # noqa: ANN401
    match value:
        case Enum():
            return _value(value.value)
        case str() | PurePath():
            # JSON's escapes are TOML's, but for the delete character, which TOML wants escaped.
            return json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007f")
        case bool():
            return "true" if value else "false"
        case list() | tuple():
            return "[" + ", ".join(_value(item) for item in value) + "]"
        case _:
            return repr(value)


def _comment(text: str) -> Iterator[str]:
    for line in textwrap.wrap(text, _WIDTH):
        yield f"# {line}"


def _first_sentence(struct: Struct) -> str:
    return cleandoc(type(struct).__doc__ or "").split("\n\n", 1)[0].replace("\n", " ")


def _attributes(struct: type[Struct]) -> dict[str, str]:
    """What the docstrings of a structure and of those it builds on say of its keys."""
    found: dict[str, str] = {}
    for kind in reversed(struct.__mro__):
        _, _, block = cleandoc(kind.__doc__ or "").partition("Attributes:\n")
        for match in _ATTRIBUTE.finditer(block):
            found[match["name"]] = " ".join(match["text"].split())
    return found
