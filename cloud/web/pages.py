"""The files of the console, read once from the package."""

from __future__ import annotations

from functools import cache
from hashlib import blake2b
from importlib.resources import files
from typing import Any, Final

from litestar import Request, Response, get
from litestar.exceptions import NotFoundException

_TYPES: Final = {
    "html": "text/html",
    "css": "text/css",
    "js": "text/javascript",
    "svg": "image/svg+xml",
}


@get("/", include_in_schema=False)
async def live_page(request: Request[Any, Any, Any]) -> Response[bytes]:
    """The page of live messages."""
    return _answer(request, "live.html")


@get("/static/{name:str}", include_in_schema=False)
async def static_file(request: Request[Any, Any, Any], name: str) -> Response[bytes]:
    """A file that a page loads."""
    return _answer(request, name)


def read_page(name: str) -> bytes:
    """The bytes of a page."""
    return _files()[name][0]


@cache
def _files() -> dict[str, tuple[bytes, str]]:
    """Name → content and entity tag: what is not listed cannot be asked for."""
    found = {}
    for entry in (files("cloud.web") / "static").iterdir():
        body = entry.read_bytes()
        found[entry.name] = (body, f'"{blake2b(body, digest_size=12).hexdigest()}"')
    return found


def _answer(request: Request[Any, Any, Any], name: str) -> Response[bytes]:
    if name not in _files():
        raise NotFoundException("there is no such file")
    body, tag = _files()[name]
    # no-cache: ask each time, so that a new version shows at once; the tag makes it cheap.
    headers = {"ETag": tag, "Cache-Control": "no-cache"}
    if request.headers.get("if-none-match") == tag:
        return Response(b"", status_code=304, headers=headers)
    return Response(body, media_type=_TYPES[name.rpartition(".")[2]], headers=headers)
