"""Looking up host names without ever waiting for a resolver that hangs."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from typing import Any

from nap.wire.errors import Cause, LinkError

# RFC 6761, section 6.3: this name is the loopback, whatever a resolver or a hosts file says of it.
_LOOPBACK = ("127.0.0.1", "::1")

# Family, type, protocol, canonical name, socket address: as socket.getaddrinfo gives them.
Address = tuple[socket.AddressFamily, socket.SocketKind, int, str, Any]


async def addresses(host: str, port: int) -> list[Address]:
    """Where `host` can be reached.

    A thread of its own for each look-up: those of the event loop are few, so that one hanging
    resolver would stop all destinations, and the end of the program would wait for them.

    Raises:
        LinkError: there is no such host, or nobody to ask.
    """
    loop = asyncio.get_running_loop()
    found: asyncio.Future[list[Address]] = loop.create_future()

    def look_up() -> None:
        answer: list[Address] | Exception
        try:
            answer = _look_up(host, port)
        except (OSError, UnicodeError) as error:
            answer = error
        # The program may have ended while the resolver was silent.
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(_tell, found, answer)

    threading.Thread(target=look_up, name=f"look up {host}", daemon=True).start()
    try:
        return await found
    except (OSError, UnicodeError) as error:
        raise LinkError(Cause.NAME_UNKNOWN, f"host {host!r} is not found: {error}") from error


def _look_up(host: str, port: int) -> list[Address]:
    hosts = _LOOPBACK if host == "localhost" else (host,)
    return [
        address
        for one in hosts
        for address in socket.getaddrinfo(one, port, type=socket.SOCK_STREAM)
    ]


def _tell(found: asyncio.Future[list[Address]], answer: list[Address] | Exception) -> None:
    if found.done():
        return  # given up meanwhile
    if isinstance(answer, Exception):
        found.set_exception(answer)
    else:
        found.set_result(answer)
