"""The OpenAPI document, made from the types that the handlers use."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from nap.api.errors import Problem

_REF: Final = "#/components/schemas/{name}"


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path.

    Attributes:
        takes: Type of the JSON body; None: no body.
        gives: Type of the JSON answer; None: plain text.
    """

    method: str
    path: str
    summary: str
    takes: type | None = None
    gives: type | None = None


def document(operations: Sequence[Operation], version: str) -> dict[str, Any]:
    """OpenAPI 3.1 of the operations."""
    types = [kind for one in operations for kind in (one.takes, one.gives) if kind]
    kinds = list(dict.fromkeys([*types, Problem]))
    schemas, components = msgspec.json.schema_components(kinds, ref_template=_REF)
    by_type = dict(zip(kinds, schemas, strict=True))
    paths: dict[str, Any] = {}
    for one in operations:
        paths.setdefault(one.path, {})[one.method.lower()] = _described(one, by_type)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Nano Access Point, local API", "version": version},
        "paths": paths,
        "components": {"schemas": components},
    }


def _described(one: Operation, by_type: dict[type, dict[str, Any]]) -> dict[str, Any]:
    content = {"application/json": {"schema": by_type[one.gives]}} if one.gives else _TEXT
    described: dict[str, Any] = {
        "summary": one.summary,
        "responses": {
            "200": {"description": "done", "content": content},
            "default": {
                "description": "refused",
                "content": {"application/json": {"schema": by_type[Problem]}},
            },
        },
    }
    if one.takes:
        schema = {"application/json": {"schema": by_type[one.takes]}}
        described["requestBody"] = {"required": True, "content": schema}
    return described


_TEXT: Final = {"text/plain": {"schema": {"type": "string"}}}
