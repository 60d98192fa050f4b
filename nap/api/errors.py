"""Every refusal of the API has a stable key and a sentence."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Final

import msgspec
from aiohttp import web

from nap.clips import ClipError
from nap.whitelist.change import ChangeError
from nap.whitelist.entries import EntryError

_log = logging.getLogger(__name__)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Problem(msgspec.Struct, frozen=True):
    """The body of every answer that is not 2xx.

    Attributes:
        error: Stable key for programs.
        message: A sentence for people.
    """

    error: str
    message: str


_KEYS: Final[tuple[tuple[type[Exception], HTTPStatus, str], ...]] = (
    (EntryError, HTTPStatus.UNPROCESSABLE_ENTITY, "whitelist.entry"),
    (ChangeError, HTTPStatus.CONFLICT, "whitelist.change"),
    (ClipError, HTTPStatus.CONFLICT, "clips.refused"),
    (msgspec.DecodeError, HTTPStatus.BAD_REQUEST, "request.body"),
    (OSError, HTTPStatus.SERVICE_UNAVAILABLE, "disk.refuses"),
)


@web.middleware
async def problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn what handlers raise into Problem bodies."""
    try:
        return await handler(request)
    except web.HTTPException as error:
        key = error.reason.lower().replace(" ", "_")
        return problem(HTTPStatus(error.status), f"http.{key}", error.text or error.reason)
    except Exception as error:  # noqa: BLE001 - one request must not end the program
        for kind, status, key in _KEYS:
            if isinstance(error, kind):
                return problem(status, key, str(error))
        _log.exception("API: %s %s", request.method, request.path)
        return problem(HTTPStatus.INTERNAL_SERVER_ERROR, "internal", "see the log of nap")


def problem(status: HTTPStatus, key: str, message: str) -> web.Response:
    """An answer that refuses."""
    body = msgspec.json.encode(Problem(key, message))
    return web.Response(status=status, body=body, content_type="application/json")
