"""Is it well, in one word for a probe and in figures for Prometheus."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import msgspec
from litestar import Response, Router, get
from litestar.openapi.datastructures import ResponseSpec


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """Whether messages get in; `faults` says why not, part → reason."""

    ok: bool
    faults: dict[str, str]


@dataclass(frozen=True, slots=True)
class Figure:
    """One metric, as Prometheus wants it described."""

    name: str
    kind: str
    summary: str
    read: Callable[[], float]


@dataclass(frozen=True, slots=True)
class Vitals:
    """What the program knows about itself; functions, because it changes."""

    faults: Callable[[], dict[str, str]]
    figures: tuple[Figure, ...]


@get("/healthz", tags=["Health"], summary="Is it well", responses={503: ResponseSpec(Health)})
async def healthz(vitals: Vitals) -> Response[Health]:
    """200 while messages get in, 503 while they do not."""
    faults = vitals.faults()
    return Response(Health(ok=not faults, faults=faults), status_code=503 if faults else 200)


@get("/metrics", tags=["Health"], summary="Figures", media_type="text/plain; version=0.0.4")
async def metrics(vitals: Vitals) -> str:
    """Figures for Prometheus."""
    return render(vitals.figures)


def render(figures: tuple[Figure, ...]) -> str:
    """The text format of Prometheus, version 0.0.4."""
    lines = []
    for figure in figures:
        lines += [
            f"# HELP {figure.name} {figure.summary}",
            f"# TYPE {figure.name} {figure.kind}",
            f"{figure.name} {figure.read():g}",
        ]
    return "\n".join([*lines, ""])


ROUTER: Final = Router("/", route_handlers=[healthz, metrics])
