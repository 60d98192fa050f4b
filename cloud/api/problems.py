"""Errors as typed JSON (RFC 9457), the same shape whatever went wrong."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import Annotated, Any, Final

import msgspec
from litestar import Request, Response
from litestar.exceptions import HTTPException, ValidationException
from litestar.openapi.datastructures import ResponseSpec
from litestar.types import ExceptionHandlersMap
from msgspec import Meta

from cloud.errors import BadCursorError, DatabaseRefusedError

log = logging.getLogger(__name__)

MEDIA_TYPE: Final = "application/problem+json"
AnyRequest = Request[Any, Any, Any]


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """What went wrong and, where it helps, in which parameter."""

    status: int
    title: str
    detail: str
    parameters: Annotated[dict[str, str], Meta(description="parameter → what is wrong")] = {}


def problem_of(status: HTTPStatus) -> ResponseSpec:
    """How the description of a route names one of its errors."""
    return ResponseSpec(Problem, media_type=MEDIA_TYPE, description=status.phrase)


def respond(
    status: int, detail: str, parameters: dict[str, str] | None = None
) -> Response[Problem]:
    """Make the answer of a failed request."""
    problem = Problem(
        status=status,
        title=HTTPStatus(status).phrase,
        detail=detail,
        parameters=parameters or {},
    )
    return Response(problem, status_code=status, media_type=MEDIA_TYPE)


def _refused_parameters(_: AnyRequest, error: ValidationException) -> Response[Problem]:
    found = error.extra if isinstance(error.extra, list) else []
    wrong = {str(one.get("key", "")): str(one.get("message", "")) for one in found}
    return respond(HTTPStatus.BAD_REQUEST, "a parameter is not as it must be", wrong)


def _refused(_: AnyRequest, error: HTTPException) -> Response[Problem]:
    return respond(error.status_code, error.detail)


def _bad_cursor(_: AnyRequest, error: BadCursorError) -> Response[Problem]:
    return respond(HTTPStatus.BAD_REQUEST, str(error), {"cursor": str(error)})


def _no_database(_: AnyRequest, error: DatabaseRefusedError) -> Response[Problem]:
    log.warning("the database does not answer: reason=%s", error)
    return respond(HTTPStatus.SERVICE_UNAVAILABLE, "the database does not answer; try again later")


def _bug(request: AnyRequest, error: Exception) -> Response[Problem]:
    log.error("request failed: path=%s", request.url.path, exc_info=error)
    return respond(HTTPStatus.INTERNAL_SERVER_ERROR, "this is a fault of the server; it is logged")


HANDLERS: Final[ExceptionHandlersMap] = {
    ValidationException: _refused_parameters,
    HTTPException: _refused,
    BadCursorError: _bad_cursor,
    DatabaseRefusedError: _no_database,
    Exception: _bug,
}
