"""The live stream as server-sent events.

An ASGI application of our own and not the framework's response class: a page that goes away or
takes nothing must end its stream here and now, and not at the next event.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from http import HTTPStatus
from typing import Annotated, Final

from litestar import Response, get
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import Parameter
from litestar.types import (
    ASGIApp,
    HTTPResponseBodyEvent,
    HTTPResponseStartEvent,
    Receive,
    Scope,
    Send,
)

from cloud.api.problems import Problem, problem_of, respond
from cloud.store.reader import Reader
from cloud.web.live import (
    BEHIND_AT_MOST,
    LiveFeed,
    TooManyViewersError,
    Viewer,
    gap_event,
    message_event,
)

# A client that takes nothing for so long is gone, or is after our memory.
SEND_WITHIN_S: Final = 10.0
RECONNECT_AFTER: Final = b"retry: 2000\n\n"
_HEADERS: Final = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    # Reverse proxies would hold the stream back until they have a page full.
    (b"x-accel-buffering", b"no"),
]

_START: Final = HTTPResponseStartEvent(type="http.response.start", status=200, headers=_HEADERS)

AfterRevision = Annotated[
    int | None,
    Parameter(ge=0, le=2**62, description="tell every change after this `revision` of a message"),
]
LastEventId = Annotated[
    int | None,
    Parameter(
        header="Last-Event-ID",
        ge=0,
        le=2**62,
        description="the same, as browsers send it when they come again",
    ),
]


@get(
    "/api/live",
    summary="Follow changes",
    tags=["Live"],
    responses={
        200: ResponseSpec(
            str,
            media_type="text/event-stream",
            description="Server-sent events: `message` (a message that is new or changed, `id` is "
            "its revision), `summary`, and `gap` (too much changed: read the list again)",
        ),
        400: problem_of(HTTPStatus.BAD_REQUEST),
        503: problem_of(HTTPStatus.SERVICE_UNAVAILABLE),
    },
)
async def follow(
    reader: Reader,
    feed: LiveFeed,
    after: AfterRevision = None,
    last_event_id: LastEventId = None,
) -> ASGIApp:
    """Messages as they come, resuming where the client stopped."""
    return EventStream(reader, feed, last_event_id if last_event_id is not None else after)


class EventStream:
    """One response that lasts until the client or the program goes."""

    def __init__(self, reader: Reader, feed: LiveFeed, after: int | None) -> None:
        self._reader = reader
        self._feed = feed
        self._after = after

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve the stream."""
        try:
            with self._feed.join() as viewer:
                await self._serve(viewer, receive, send)
        except TooManyViewersError:
            refusal: Response[Problem] = respond(
                HTTPStatus.SERVICE_UNAVAILABLE, "too many live pages; try again later"
            )
            await refusal.to_asgi_response(None, scope["litestar_app"].request_class(scope))(
                scope, receive, send
            )

    async def _serve(self, viewer: Viewer, receive: Receive, send: Send) -> None:
        async with asyncio.TaskGroup() as group:
            leaving = group.create_task(_until_gone(viewer, receive))
            await send(
                HTTPResponseStartEvent(type="http.response.start", status=200, headers=_HEADERS)
            )
            try:
                async for piece in self._pieces(viewer):
                    async with asyncio.timeout(SEND_WITHIN_S):
                        await send(_body(piece, more=True))
            except TimeoutError:
                pass
            else:
                await send(_body(b"", more=False))
            leaving.cancel()

    async def _pieces(self, viewer: Viewer) -> AsyncIterator[bytes]:
        yield RECONNECT_AFTER
        told = 0
        if self._after is not None:
            told, missed = await asyncio.to_thread(self._missed, self._after)
            yield missed
        while events := await viewer.take():
            fresh = [event for revision, event in events if revision == 0 or revision > told]
            told = max(told, *(revision for revision, _ in events))
            yield b"".join(fresh)

    def _missed(self, after: int) -> tuple[int, bytes]:
        """What happened since `after`, and the revision until which it is told."""
        current = self._reader.revision()
        changes = self._reader.changed(after, BEHIND_AT_MOST) if after < current else []
        if after > current or len(changes) == BEHIND_AT_MOST:
            # The store is another one than the client knew, or too much happened.
            return current, gap_event(current)
        told = changes[-1].revision if changes else after
        return told, b"".join(message_event(message) for message in changes)


async def _until_gone(viewer: Viewer, receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    viewer.close()


def _body(piece: bytes, *, more: bool) -> HTTPResponseBodyEvent:
    return HTTPResponseBodyEvent(type="http.response.body", body=piece, more_body=more)
