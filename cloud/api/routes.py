"""Messages and stations, read-only."""

from __future__ import annotations

from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated, Final

from litestar import Router, get
from litestar.di import Provide
from litestar.exceptions import NotFoundException
from litestar.openapi.spec import Example
from litestar.params import Parameter

from cloud.api.problems import problem_of
from cloud.store.reader import LARGEST_PAGE, MessageFilter, Reader
from cloud.store.views import Message, MessagePage, StationPage, Summary

ERRORS: Final = {
    status.value: problem_of(status)
    for status in (HTTPStatus.BAD_REQUEST, HTTPStatus.SERVICE_UNAVAILABLE)
}

Limit = Annotated[int, Parameter(ge=1, le=LARGEST_PAGE, description="the most entries in a page")]
Cursor = Annotated[
    str | None, Parameter(max_length=64, description="`next` of the page before this one")
]
Device = Annotated[
    str | None,
    Parameter(
        pattern="^[0-9a-fA-F]{8}$",
        max_length=8,
        description="only messages of this device: 8 hex digits",
        examples=[Example(value="0123abcd")],
    ),
]
Since = Annotated[
    datetime | None, Parameter(description="heard at this ISO 8601 time or later; UTC if no zone")
]
Before = Annotated[
    datetime | None, Parameter(description="heard before this ISO 8601 time; UTC if no zone")
]


def message_filter(
    device: Device = None, since: Since = None, before: Before = None
) -> MessageFilter:
    """The filter that the parameters of a request describe."""
    device_id = device.lower() if device is not None else None
    return MessageFilter(device_id=device_id, since=since, before=before)


@get(
    "/messages",
    sync_to_thread=True,
    summary="List messages",
    responses=ERRORS,
    dependencies={"wanted": Provide(message_filter, sync_to_thread=False)},
)
def list_messages(
    reader: Reader, wanted: MessageFilter, limit: Limit = 50, cursor: Cursor = None
) -> MessagePage:
    """Messages by the time they were on the air, newest first."""
    return reader.page(wanted, limit, cursor)


@get(
    "/messages/{message_id:int}",
    sync_to_thread=True,
    summary="Get one message",
    responses=ERRORS | {404: problem_of(HTTPStatus.NOT_FOUND)},
)
def get_message(reader: Reader, message_id: Annotated[int, Parameter(ge=1, le=2**53)]) -> Message:
    """One message with all its receptions."""
    message = reader.message(message_id)
    if message is None:
        msg = f"there is no message {message_id}"
        raise NotFoundException(msg)
    return message


@get("/stations", sync_to_thread=True, summary="List stations", responses=ERRORS)
def list_stations(reader: Reader, limit: Limit = 100, cursor: Cursor = None) -> StationPage:
    """Stations in the order of their ids."""
    return reader.stations(limit, cursor or "")


@get("/summary", sync_to_thread=True, summary="Get the summary", responses=ERRORS)
def get_summary(reader: Reader) -> Summary:
    """Figures of the whole: messages per minute, stations, stations online."""
    return reader.summary(int(datetime.now(UTC).timestamp() * 1000))


ROUTER: Final = Router(
    "/api",
    route_handlers=[list_messages, get_message, list_stations, get_summary],
    tags=["Messages and stations"],
)
