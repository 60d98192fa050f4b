"""A simulated MQTT broker that counts what is unacknowledged, is slow, old or hostile on demand."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

simulated = True

CONNECT, PUBLISH, SUBSCRIBE, PINGREQ = 1, 3, 8, 12


@dataclass
class FakeBroker:
    """What it does, and what it saw.

    Attributes:
        newest_version: 5, or 4 for a broker that knows MQTT 3.1.1 only.
        hangs_up: End the connection at a version it does not know, instead of saying so.
        receive_maximum: Told in CONNACK.
        largest_packet: Told in CONNACK.
        answer_after_s: Time from PUBLISH to PUBACK.
        reasons: Reason code of the PUBACK per topic; others get 0.
        after_connack: Raw bytes sent after each CONNACK.
        instead_of_connack: Raw bytes sent instead of it.
        most_in_flight: The most PUBLISH without PUBACK at one moment.
        published: Topics and payloads in order.
    """

    newest_version: int = 5
    hangs_up: bool = False
    receive_maximum: int = 65_535
    largest_packet: int = 1_000_000
    answer_after_s: float = 0.0
    reasons: dict[str, int] = field(default_factory=dict)
    after_connack: bytes = b""
    instead_of_connack: bytes | None = None
    most_in_flight: int = 0
    connections: int = 0
    published: list[tuple[str, bytes]] = field(default_factory=list)
    port: int = 0
    _open: set[asyncio.StreamWriter] = field(default_factory=set)
    _closed: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self._closed.set()

    @asynccontextmanager
    async def listening(self) -> AsyncGenerator[None]:
        """Listen on `port` of loopback until the end of the context."""
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield
        finally:
            server.close()
            for writer in self._open:
                writer.transport.abort()
            await self._closed.wait()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._open.add(writer)
        self._closed.clear()
        try:
            await _Client(self, reader, writer).converse()
        except (OSError, EOFError):
            pass
        finally:
            writer.transport.abort()
            self._open.discard(writer)
            if not self._open:
                self._closed.set()


class _Client:
    def __init__(
        self, broker: FakeBroker, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._broker, self._reader, self._writer = broker, reader, writer
        self._version = 5
        self._in_flight = 0

    async def converse(self) -> None:
        while True:
            kind, body = await self._packet()
            if kind == CONNECT:
                # Bytes 2 to 5 are "MQTT", then the protocol level.
                self._version = body[6]
                if self._refuses_version():
                    return
                self._accept()
            elif kind == PUBLISH:
                self._published(body)
            elif kind == SUBSCRIBE:
                self._writer.write(_packet(0x90, body[:2] + self._properties() + b"\x01"))
            elif kind == PINGREQ:
                self._writer.write(_packet(0xD0, b""))
            await self._writer.drain()

    async def _packet(self) -> tuple[int, bytes]:
        [header] = await self._reader.readexactly(1)
        length = shift = 0
        while True:
            [byte] = await self._reader.readexactly(1)
            length |= (byte & 0x7F) << shift
            shift += 7
            if not byte & 0x80:
                return header >> 4, await self._reader.readexactly(length)

    def _refuses_version(self) -> bool:
        if self._version <= self._broker.newest_version:
            return False
        if not self._broker.hangs_up:
            self._writer.write(_packet(0x20, b"\x00\x01"))
        return True

    def _accept(self) -> None:
        broker = self._broker
        if broker.instead_of_connack is not None:
            self._writer.write(broker.instead_of_connack)
            return
        properties = b"\x21" + broker.receive_maximum.to_bytes(2, "big")
        properties += b"\x27" + broker.largest_packet.to_bytes(4, "big")
        told = bytes([len(properties)]) + properties if self._version == 5 else b""
        self._writer.write(_packet(0x20, b"\x00\x00" + told) + broker.after_connack)

    def _published(self, body: bytes) -> None:
        topic_end = 2 + int.from_bytes(body[:2], "big")
        topic, packet_id = body[2:topic_end].decode(), body[topic_end : topic_end + 2]
        payload = body[topic_end + 2 :]
        self._broker.published.append((topic, payload[1:] if self._version == 5 else payload))
        self._in_flight += 1
        self._broker.most_in_flight = max(self._broker.most_in_flight, self._in_flight)
        reason = self._broker.reasons.get(topic, 0)
        loop = asyncio.get_running_loop()
        loop.call_later(self._broker.answer_after_s, self._answer, packet_id, reason)

    def _answer(self, packet_id: bytes, reason: int) -> None:
        self._in_flight -= 1
        told = bytes([reason, 0]) if self._version == 5 else b""
        self._writer.write(_packet(0x40, packet_id + told))

    def _properties(self) -> bytes:
        return b"\x00" if self._version == 5 else b""


def _packet(header: int, body: bytes) -> bytes:
    assert len(body) < 128
    return bytes([header, len(body)]) + body
