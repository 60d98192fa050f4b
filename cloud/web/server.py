"""uvicorn as one service among others: it neither owns the process nor its signals."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Generator
from contextlib import contextmanager
from typing import Final, NoReturn

import uvicorn

from cloud.errors import StartError
from cloud.web.live import LiveFeed
from cloud.web.security import App

# Time for answers that are under way when the program ends.
FAREWELL_S: Final = 3


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Generator[None]:
        """Leave the signals to the program."""
        yield


def listen(host: str, port: int) -> socket.socket:
    """Take the port at once, so that a taken one is told before anything starts.

    Raises:
        StartError: another program has it, or the address is not ours.
    """
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host, port), family=family, backlog=256)
    except OSError as error:
        msg = f"cannot serve http://{host}:{port}/: {error.strerror or error}"
        raise StartError(msg) from error


class WebServer:
    """Serves one application on one listening socket."""

    name: Final = "web"

    def __init__(self, app: App, feed: LiveFeed, sock: socket.socket) -> None:
        self._feed = feed
        self._sock = sock
        self._server = _Server(
            uvicorn.Config(
                app,
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                date_header=True,
                timeout_graceful_shutdown=FAREWELL_S,
                # Beyond this the answer is 503: memory stays bounded.
                limit_concurrency=1000,
            )
        )

    async def run(self) -> NoReturn:
        """Serve until cancelled, then end live streams and let answers finish."""
        async with asyncio.TaskGroup() as group:
            serving = group.create_task(self._server.serve([self._sock]))
            try:
                await asyncio.shield(serving)
            except asyncio.CancelledError:
                self._feed.close()
                self._server.should_exit = True
                await serving
                raise
        raise AssertionError("the web server ended by itself")
