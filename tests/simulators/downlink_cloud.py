"""A simulated core network: answers every uplink that asks, and keeps what the box replies.

It knows the keys of simulated devices, as a core network knows those of real ones.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

import msgspec

from nap.wire import topics
from nap.wire.errors import LinkError
from nap.wire.messages import Acknowledgment, DownlinkCommand, DownlinkReply, Uplink
from nap.wire.mqtt import MqttLink, connect
from nap.wire.mqtt_types import MqttSettings
from radio.air.device import nak_of
from radio.sigfox.tag import downlink_tag

simulated = True
PAYLOAD = bytes.fromhex("00112233aabbccdd")


def command_for(device_id: str, seq_number: int, command_id: str) -> DownlinkCommand:
    """The right answer to an uplink of a simulated device."""
    number = int(device_id, 16)
    tag = downlink_tag(number, seq_number, PAYLOAD, nak_of(number))
    return DownlinkCommand(
        id=command_id,
        device_id=device_id,
        seq_number=seq_number,
        payload=PAYLOAD.hex(),
        tag=tag.hex(),
    )


def as_it_is(command: DownlinkCommand) -> DownlinkCommand:
    """Send what is right."""
    return command


@dataclass
class DownlinkCloud:
    """Takes uplinks from a real broker, confirms and answers them.

    Attributes:
        uplinks: All that came, by message type in order.
        replies: All that the box said.
        times: How often each command is sent.
        spoil: Changes a command before it is sent.
    """

    uplinks: list[Uplink] = field(default_factory=list)
    replies: list[DownlinkReply] = field(default_factory=list)
    times: int = 1
    spoil: Callable[[DownlinkCommand], DownlinkCommand] = as_it_is
    moved: asyncio.Event = field(default_factory=asyncio.Event)
    _link: MqttLink | None = None

    def states(self, command_id: str) -> list[str]:
        """What the box said of one command, in order."""
        return [reply.state for reply in self.replies if reply.id == command_id]

    async def until(
        self, state: str, command_id: str | None = None, within_s: float = 60.0
    ) -> DownlinkReply:
        """Return the first reply of this state, to this command or to any."""
        async with asyncio.timeout(within_s):
            while True:
                for reply in self.replies:
                    if reply.state == state and command_id in (None, reply.id):
                        return reply
                await self.moved.wait()
                self.moved.clear()

    def say(self, nap_id: str, body: bytes) -> None:
        """Publish anything as a downlink command."""
        assert self._link is not None
        self._link.publish(topics.command(nap_id, "downlink"), body)

    @asynccontextmanager
    async def listening(self, settings: MqttSettings) -> AsyncGenerator[None]:
        """Be there for a while."""
        async with connect(settings) as link, asyncio.TaskGroup() as group:
            await link.subscribe("$share/ingest/nap/+/event/+", "nap/+/reply/+")
            self._link = link
            work = group.create_task(self._work(link))
            try:
                yield
            finally:
                work.cancel()

    async def _work(self, link: MqttLink) -> None:
        with suppress(LinkError):
            while True:
                await link.wait()
                for message in link.take_messages():
                    nap_id = topics.nap_of(message.topic) or ""
                    self._take(message.topic.split("/", 2)[2], nap_id, message.payload, link)
                    link.acknowledge(message)
                link.take_acknowledged()
                self.moved.set()

    def _take(self, kind: str, nap_id: str, body: bytes, link: MqttLink) -> None:
        if kind == "reply/downlink":
            self.replies.append(msgspec.json.decode(body, type=DownlinkReply))
        if kind == "event/uplink":
            uplink = msgspec.json.decode(body, type=Uplink)
            acknowledgment = Acknowledgment(
                epoch=uplink.epoch, ranges=[(uplink.number, uplink.number)]
            )
            link.publish(topics.command(nap_id, "ack"), msgspec.json.encode(acknowledgment))
            self.uplinks.append(uplink)
            if uplink.bidirectional:
                self._answer(nap_id, uplink)

    def _answer(self, nap_id: str, uplink: Uplink) -> None:
        command_id = f"{uplink.device_id}-{uplink.seq_number}"
        command = self.spoil(command_for(uplink.device_id, uplink.seq_number, command_id))
        for _ in range(self.times):
            self.say(nap_id, msgspec.json.encode(command))
