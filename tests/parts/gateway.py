"""Start real gateways, ask them how they are, and be the web server that they deliver to."""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import msgspec
from aiohttp import ClientError, ClientSession, UnixConnector, web

from nap.status import Status

_STORED = re.compile(rb"uplink, .* number: (\d+)")


class Sink:
    """A web server that takes messages and knows what it took."""

    def __init__(self) -> None:
        self.bodies: dict[tuple[str, int], list[bytes]] = {}
        self.url = ""

    async def take(self, request: web.Request) -> web.Response:
        body = await request.read()
        for message in self._messages(body):
            key = message["epoch"], message["number"]
            self.bodies.setdefault(key, []).append(msgspec.json.encode(message))
        return web.Response()

    @staticmethod
    def _messages(body: bytes) -> list[dict[str, object]]:
        decoded = msgspec.json.decode(body)
        return decoded if isinstance(decoded, list) else [decoded]

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[Sink]:
        application = web.Application()
        application.router.add_post("/in", self.take)
        runner = web.AppRunner(application, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        host, port = runner.addresses[0][:2]
        self.url = f"http://{host}:{port}/in"
        try:
            yield self
        finally:
            await runner.cleanup()
            # Transports close their sockets in the turn after the one they are told in.
            await asyncio.sleep(0)


def configuration(folder: Path, url: str = "http://127.0.0.1:9/in") -> Path:
    path = folder / "nap.toml"
    path.write_text(
        f"""
state_dir = "{folder}/state"
run_dir = "{folder}/run"
[station]
nap_id = "nap-1"
[radio.front_end]
type = "simulator"
[[destination]]
kind = "http"
url = "{url}"
batch = 50
pace = {{ drain_per_s = 100000.0, in_flight = 500 }}
"""
    )
    return path


class Gateway:
    """One gateway process."""

    def __init__(self, config: Path, process: asyncio.subprocess.Process) -> None:
        self.socket = config.parent / "run" / "api.sock"
        self.process = process
        self.log: list[bytes] = []
        self.stored: list[int] = []

    async def read_log(self) -> None:
        assert self.process.stderr is not None
        async for line in self.process.stderr:
            self.log.append(line)
            if found := _STORED.search(line):
                self.stored.append(int(found[1]))

    async def status(self) -> Status:
        async with (
            ClientSession(connector=UnixConnector(str(self.socket))) as session,
            session.get("http://nap/v1/status") as response,
        ):
            return msgspec.json.decode(await response.read(), type=Status)


@asynccontextmanager
async def gateway(config: Path, *script: str) -> AsyncIterator[Gateway]:
    """Run with a scripted radio worker until the caller has ended the process."""
    words = [sys.executable, "-m", "tests.simulators.gateway_process", str(config), *script]
    async with _running(config, words) as running:
        yield running


@asynccontextmanager
async def real_gateway(config: Path) -> AsyncIterator[Gateway]:
    """Run `nap run` with its own radio worker; yield when samples flow."""
    nap = str(Path(sys.executable).with_name("nap"))
    async with _running(config, [nap, "run", "--config", str(config)]) as running:
        async with asyncio.timeout(60):
            state = ""
            while state != "receiving":
                await asyncio.sleep(0.1)
                with suppress(ClientError):
                    state = (await running.status()).radio.state
        yield running


@asynccontextmanager
async def _running(config: Path, words: list[str]) -> AsyncIterator[Gateway]:
    process = await asyncio.create_subprocess_exec(*words, stderr=asyncio.subprocess.PIPE)
    running = Gateway(config, process)
    async with asyncio.TaskGroup() as group:
        group.create_task(running.read_log())
        try:
            yield running
        finally:
            if process.returncode is None:
                process.kill()
            await process.wait()
