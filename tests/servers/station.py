"""A station as the broker sees one: sends records until the cloud has confirmed them.

Not the gateway's relay: only what the wire demands, so that the cloud is tested on its own.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final

import msgspec

from nap.wire import topics
from nap.wire.errors import LinkError
from nap.wire.messages import Acknowledgment, Connection, Frame, Uplink
from nap.wire.mqtt import MqttLink, connect
from nap.wire.mqtt_types import MqttSettings
from nap.wire.tls_verdicts import TlsFiles
from tests.parts.mosquitto import Broker

REPEAT_AFTER_S: Final = 1.0


class Station:
    """Publishes over TLS with its certificate and listens to its acknowledgments."""

    def __init__(self, broker: Broker, nap_id: str, epoch: str = "0123456789abcdef") -> None:
        self.nap_id = nap_id
        self.epoch = epoch
        self.waiting: dict[int, tuple[str, bytes]] = {}
        self.acknowledged: set[int] = set()
        self.refused: dict[int, str] = {}
        self.settings = MqttSettings(
            host="localhost",
            port=broker.port,
            client_id=nap_id,
            excess=20_000,
            files=TlsFiles.in_folder(broker.station(nap_id)),
        )

    def put(self, name: str, body: bytes, number: int) -> None:
        """Queue a record."""
        self.waiting[number] = (topics.event(self.nap_id, name), body)

    def put_uplink(self, number: int, **changes: Any) -> None:  # noqa: ANN401 - of `uplink`
        """Queue an uplink; each number is a message of its own unless told otherwise."""
        self.put("uplink", msgspec.json.encode(self.uplink(number, **changes)), number)

    def uplink(self, number: int, **changes: Any) -> Uplink:  # noqa: ANN401
        """An uplink; each number is a message of its own unless told otherwise."""
        return msgspec.structs.replace(uplink(number), epoch=self.epoch, **changes)

    async def deliver(self, *, within_s: float = 60.0) -> None:
        """Send and repeat until every record is confirmed or refused."""
        async with asyncio.timeout(within_s):
            while self.waiting:
                try:
                    async with connect(self.settings) as link:
                        await self._session(link)
                except LinkError:
                    await asyncio.sleep(0.1)

    async def say(self, topic: str, body: bytes, *, retain: bool = False) -> None:
        """Publish something once, confirmed by the broker only."""
        async with connect(self.settings) as link:
            link.publish(topic, body, retain=retain)
            while not link.take_acknowledged():
                await link.wait()

    async def announce(self, connection: Connection) -> None:
        """Publish the retained state."""
        topic = topics.state(self.nap_id, "conn")
        await self.say(topic, msgspec.json.encode(connection), retain=True)

    async def _session(self, link: MqttLink) -> None:
        await link.subscribe(topics.command(self.nap_id, "ack"))
        while self.waiting:
            for topic, body in list(self.waiting.values()):
                while link.in_flight >= min(link.server_receive_maximum, 500):
                    await link.wait()
                    link.take_acknowledged()
                link.publish(topic, body)
            await self._hear(link)

    async def _hear(self, link: MqttLink) -> None:
        try:
            async with asyncio.timeout(REPEAT_AFTER_S) as patience:
                while self.waiting:
                    for incoming in link.take_messages():
                        self._take(msgspec.json.decode(incoming.payload, type=Acknowledgment))
                        link.acknowledge(incoming)
                        patience.reschedule(asyncio.get_running_loop().time() + REPEAT_AFTER_S)
                    link.take_acknowledged()
                    if self.waiting:
                        await link.wait()
        except TimeoutError:
            return

    def _take(self, answer: Acknowledgment) -> None:
        assert answer.epoch == self.epoch
        for first, last in answer.ranges:
            self.acknowledged.update(range(first, last + 1))
        self.refused.update((one.number, one.reason) for one in answer.refused)
        for number in list(self.waiting):
            if number in self.acknowledged or number in self.refused:
                del self.waiting[number]


def uplink(number: int) -> Uplink:
    """A message that no other number has."""
    return Uplink(
        epoch="0123456789abcdef",
        number=number,
        device_id=f"{number % 50:08x}",
        seq_number=number % 4096,
        payload=number.to_bytes(4, "big").hex(),
        message_type="bytes",
        bidirectional=False,
        repeated=True,
        bit_rate=100,
        packet=(number.to_bytes(6, "big") * 2).hex(),
        combined=False,
        frame=Frame(rank=1, frequency_hz=868_130_000.0, snr_db=12.5, drift_hz_per_s=0.1),
        simulated=True,
    )
