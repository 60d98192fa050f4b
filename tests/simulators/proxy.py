"""A network in between: passes bytes, and can be cut or frozen at any moment."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

simulated = True


class Proxy:
    """Passes connections on to a port of this machine.

    `frozen`: nothing passes in either direction and nobody is told (no FIN, no RST), as when a
    cable is cut somewhere far away. New connections are taken and hang as well.
    """

    def __init__(self, target_port: int) -> None:
        self._target_port = target_port
        self._open: set[asyncio.StreamWriter] = set()
        self._thawed = asyncio.Event()
        self._thawed.set()
        self._closed = asyncio.Event()
        self._closed.set()
        self.port = 0
        self.connections = 0

    def freeze(self) -> None:
        """Let nothing pass any more."""
        self._thawed.clear()

    def thaw(self) -> None:
        """Let new connections pass; those from before stay dead, as after a lost NAT entry."""
        self.cut()
        self._thawed.set()

    def cut(self) -> None:
        """End all connections at once."""
        for writer in self._open:
            writer.transport.abort()

    @asynccontextmanager
    async def passing(self) -> AsyncGenerator[None]:
        """Listen on `port` until the end of the context."""
        server = await asyncio.start_server(self._pass, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield
        finally:
            server.close()
            self.cut()
            self._thawed.set()
            await self._closed.wait()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._open.add(writer)
        self._closed.clear()
        try:
            there, back = await asyncio.open_connection("127.0.0.1", self._target_port)
            self._open.add(back)
            async with asyncio.TaskGroup() as group:
                group.create_task(self._copy(reader, back))
                group.create_task(self._copy(there, writer))
            self._open.discard(back)
        except OSError:
            writer.transport.abort()
        finally:
            self._open.discard(writer)
            if not self._open:
                self._closed.set()

    async def _copy(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        try:
            while piece := await source.read(65536):
                await self._thawed.wait()
                sink.write(piece)
                await sink.drain()
        except OSError:
            pass
        finally:
            sink.transport.abort()
