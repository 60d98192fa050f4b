"""What every answer carries, and whom the server answers at all."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, MutableMapping
from typing import Any, Final

import msgspec

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]

# Nothing from elsewhere, nothing inline: a payload that slips through escaping stays text.
CONTENT_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_HEADERS: Final = [
    (b"content-security-policy", CONTENT_POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=()"),
]


def secured(app: App, hosts: Collection[str]) -> App:
    """Wrap an ASGI application.

    Args:
        app: What answers.
        hosts: Names under which it may be asked, without port. A page of another site that lets
            its own name point to this machine (DNS rebinding) is turned away.
    """

    async def serve(scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), *_HEADERS]
            await send(message)

        if host_of(scope) in hosts:
            await app(scope, receive, send_with_headers)
        else:
            await _turn_away(send_with_headers)

    return serve


def host_of(scope: MutableMapping[str, Any]) -> str:
    """The host that the client asked for, without port, lower case."""
    named = next((value for name, value in scope["headers"] if name == b"host"), b"")
    text: str = named.decode("latin-1").lower()
    if text.startswith("["):
        return text.partition("]")[0] + "]"
    return text.partition(":")[0]


async def _turn_away(send: Send) -> None:
    detail = "this server has another name; add yours to web.hosts in its configuration"
    problem = {"status": 421, "title": "Misdirected Request", "detail": detail, "parameters": {}}
    headers = [(b"content-type", b"application/problem+json")]
    await send({"type": "http.response.start", "status": 421, "headers": headers})
    await send({"type": "http.response.body", "body": msgspec.json.encode(problem)})
