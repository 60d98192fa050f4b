"""The server of the local API."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final, NoReturn

import msgspec
from aiohttp import web

from nap.api.bodies import DryRun
from nap.api.errors import problems
from nap.api.metrics import exposition
from nap.api.openapi import Operation, document
from nap.clips import ClipList, ClipMade, Clips, ClipWanted
from nap.runtime.service import RecoverableError
from nap.status import Status
from nap.whitelist.change import Change, apply
from nap.whitelist.heard import Loss
from nap.whitelist.rules import Rules
from nap.whitelist.whitelist import Whitelist

_log = logging.getLogger(__name__)

BODY_LIMIT: Final = 8 * 1024 * 1024
"""Bytes: two full lists of ranges."""
_SOCKET_MODE: Final = 0o660


class Api:
    """Fits Service. The socket is only there while it runs."""

    name = "api"
    quiet_limit_s = 60.0

    def __init__(
        self,
        socket_path: Path,
        status: Callable[[], Awaitable[Status]],
        whitelist: Whitelist,
        clips: Clips,
    ) -> None:
        self._socket_path, self._clips = socket_path, clips
        self._status, self._whitelist = status, whitelist
        self._handlers = (
            (Operation("GET", "/v1/status", "How the box is", gives=Status), self._get_status),
            (Operation("GET", "/v1/whitelist", "The rules", gives=Rules), self._get_rules),
            (
                Operation("PUT", "/v1/whitelist", "Set new rules", takes=Rules, gives=Rules),
                self._put_rules,
            ),
            (
                Operation("PATCH", "/v1/whitelist", "Change parts", takes=Change, gives=Rules),
                self._patch_rules,
            ),
            (
                Operation(
                    "POST",
                    "/v1/whitelist/dry-run",
                    "What rules would have dropped in the last days",
                    takes=DryRun,
                    gives=Loss,
                ),
                self._dry_run,
            ),
            (
                Operation("GET", "/v1/clips", "Clips of the black box", gives=ClipList),
                self._get_clips,
            ),
            (
                Operation(
                    "POST",
                    "/v1/clips",
                    "Keep the last seconds of samples as a clip",
                    takes=ClipWanted,
                    gives=ClipMade,
                ),
                self._post_clip,
            ),
            (Operation("GET", "/metrics", "For Prometheus"), self._metrics),
        )
        self._document = document([one for one, _ in self._handlers], version("open-nap"))

    def application(self) -> web.Application:
        """The routes."""
        application = web.Application(client_max_size=BODY_LIMIT, middlewares=[problems])
        for operation, handler in self._handlers:
            application.router.add_route(operation.method, operation.path, handler)
        application.router.add_get("/openapi.json", self._openapi)
        return application

    async def run(self, beat: Callable[[], None]) -> NoReturn:
        """Listen until cancelled."""
        runner = web.AppRunner(self.application(), access_log=None)
        await runner.setup()
        try:
            await self._listen(runner)
            while True:
                beat()
                await asyncio.sleep(5.0)
        finally:
            await runner.cleanup()
            await asyncio.to_thread(self._socket_path.unlink, missing_ok=True)

    async def _listen(self, runner: web.AppRunner) -> None:
        try:
            await asyncio.to_thread(self._socket_path.unlink, missing_ok=True)
            await web.UnixSite(runner, str(self._socket_path)).start()
            await asyncio.to_thread(self._socket_path.chmod, _SOCKET_MODE)
        except OSError as error:
            msg = f"{self._socket_path}: {error.strerror or error}"
            raise RecoverableError(msg) from error

    async def _get_status(self, _request: web.Request) -> web.Response:
        return _json(await self._status())

    async def _get_rules(self, _request: web.Request) -> web.Response:
        return _json(self._whitelist.rules)

    async def _put_rules(self, request: web.Request) -> web.Response:
        rules = msgspec.json.decode(await request.read(), type=Rules)
        return _json(await self._whitelist.change(lambda _: rules))

    async def _patch_rules(self, request: web.Request) -> web.Response:
        change = msgspec.json.decode(await request.read(), type=Change)
        return _json(await self._whitelist.change(lambda rules: apply(rules, change)))

    async def _dry_run(self, request: web.Request) -> web.Response:
        wanted = msgspec.json.decode(await request.read(), type=DryRun)
        return _json(await self._whitelist.dry_run(wanted.made_of))

    async def _get_clips(self, _request: web.Request) -> web.Response:
        return _json(await self._clips.listed())

    async def _post_clip(self, request: web.Request) -> web.Response:
        wanted = msgspec.json.decode(await request.read(), type=ClipWanted)
        return _json(await self._clips.keep(wanted))

    async def _metrics(self, _request: web.Request) -> web.Response:
        return web.Response(text=exposition(await self._status()))

    async def _openapi(self, _request: web.Request) -> web.Response:
        return _json(self._document)


def _json(body: Any) -> web.Response:  # noqa: ANN401 - any type that msgspec writes
    return web.Response(body=msgspec.json.encode(body), content_type="application/json")
