"""The configuration as a commented file; what is printed can be used as it is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, get_type_hints

import msgspec

from cloud.config import Config


def render(config: Config) -> str:
    """TOML of the values in force, each with its comment."""
    lines = [*_fields(config), ""]
    for name in ("mqtt", "store", "web"):
        section: msgspec.Struct = getattr(config, name)
        lines += [f"# {type(section).__doc__}", f"[{name}]", *_fields(section), ""]
    return "\n".join(lines)


def _fields(section: msgspec.Struct) -> list[str]:
    lines = []
    hints = get_type_hints(type(section), include_extras=True)
    for name in section.__struct_fields__:
        value = getattr(section, name)
        if not isinstance(value, msgspec.Struct):
            lines += [f"# {_description(hints[name])}", f"{name} = {_toml(value)}"]
    return lines


def _description(hint: Any) -> str:  # noqa: ANN401 - an annotation may be anything
    found = [meta.description for meta in hint.__metadata__ if isinstance(meta, msgspec.Meta)]
    return "; ".join(text for text in found if text)


def _toml(value: object) -> str:
    # Strings and lists of TOML are written as in JSON, but for DEL.
    text = str(value) if isinstance(value, Path) else value
    return json.dumps(text).replace("\x7f", "\\u007f")
