"""A simulated cloud: takes uplinks from a real broker and confirms them end to end."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

import msgspec

from nap.wire import topics
from nap.wire.errors import LinkError
from nap.wire.messages import Acknowledgment, RefusedRecord
from nap.wire.mqtt import MqttLink, connect
from nap.wire.mqtt_types import Incoming, MqttSettings

simulated = True


class Addressed(msgspec.Struct):
    epoch: str
    number: int


@dataclass
class Peer:
    """What the simulated cloud has taken, in order of arrival, over all its connections.

    Attributes:
        silent: Take and confirm nothing while True.
        refuses: Numbers to refuse instead.
    """

    taken: list[int] = field(default_factory=list)
    states: list[bytes] = field(default_factory=list)
    stats: list[bytes] = field(default_factory=list)
    silent: bool = False
    refuses: frozenset[int] = frozenset()
    moved: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def repeated(self) -> int:
        """How many messages came more than once."""
        return sum(count - 1 for count in Counter(self.taken).values())

    async def has(self, count: int, within_s: float = 30.0) -> None:
        """Return once `count` different records are there."""
        async with asyncio.timeout(within_s):
            while len(set(self.taken)) < count:
                await self.moved.wait()
                self.moved.clear()

    @asynccontextmanager
    async def listening(self, settings: MqttSettings) -> AsyncGenerator[None]:
        """Be there for a while."""
        async with connect(settings) as link, asyncio.TaskGroup() as group:
            await link.subscribe("$share/ingest/nap/+/event/+", "nap/+/state/conn")
            work = group.create_task(self._work(link))
            try:
                yield
            finally:
                work.cancel()

    async def _work(self, link: MqttLink) -> None:
        # A broker that a test kills ends the peer quietly.
        with suppress(LinkError):
            await self._serve(link)

    async def _serve(self, link: MqttLink) -> None:
        while True:
            await link.wait()
            events: dict[tuple[str, str], list[int]] = {}
            for message in [] if self.silent else link.take_messages():
                self._take(message, events)
                link.acknowledge(message)
            for (nap_id, epoch), numbers in events.items():
                link.publish(topics.command(nap_id, "ack"), self._answer(epoch, numbers))
            self.moved.set()

    def _take(self, message: Incoming, events: dict[tuple[str, str], list[int]]) -> None:
        nap_id = topics.nap_of(message.topic)
        assert nap_id is not None
        if "/state/" in message.topic:
            self.states.append(message.payload)
        elif message.topic.endswith("/stats"):
            self.stats.append(message.payload)
        else:
            address = msgspec.json.decode(message.payload, type=Addressed)
            self.taken.append(address.number)
            events.setdefault((nap_id, address.epoch), []).append(address.number)

    def _answer(self, epoch: str, numbers: list[int]) -> bytes:
        taken = [(n, n) for n in numbers if n not in self.refuses]
        refused = [
            RefusedRecord(number=n, reason="simulated") for n in numbers if n in self.refuses
        ]
        return msgspec.json.encode(Acknowledgment(epoch=epoch, ranges=taken, refused=refused))
