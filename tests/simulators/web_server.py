"""A simulated web server that takes JSON by POST and answers as told."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

simulated = True

Reply = tuple[int, dict[str, str], str]
TAKEN: Reply = (200, {}, "")


def take_all(_records: list[dict[str, Any]]) -> Reply:
    return TAKEN


@dataclass
class WebServer:
    """What it got, and how it answers.

    Attributes:
        answer: Status, headers and text for the records of a request.
        taken: Records answered with 200, in order.
        requests: Number of records in each request.
        headers: Of the last request.
    """

    answer: Callable[[list[dict[str, Any]]], Reply] = take_all
    taken: list[dict[str, Any]] = field(default_factory=list)
    requests: list[int] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    single: bool = False
    port: int = 0

    @asynccontextmanager
    async def listening(self, tls: ssl.SSLContext | None = None) -> AsyncGenerator[None]:
        """Listen on `port` of loopback until the end of the context."""
        application = web.Application()
        application.router.add_post("/in", self._post)
        runner = web.AppRunner(application, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", self.port, ssl_context=tls)
        try:
            await site.start()
            self.port = runner.addresses[0][1]
            yield
        finally:
            await runner.cleanup()
            # Transports close their sockets in the turn after the one they are told in.
            await asyncio.sleep(0)

    async def _post(self, request: web.Request) -> web.Response:
        content = json.loads(await request.read())
        self.single = isinstance(content, dict)
        records = [content] if isinstance(content, dict) else content
        self.requests.append(len(records))
        self.headers = dict(request.headers)
        status, headers, text = self.answer(records)
        if status == 200:
            self.taken += records
        return web.Response(status=status, headers=headers, text=text)
