"""To our cloud: a message has arrived when the cloud says, after its commit, that it has it.

The broker's PUBACK only frees the way: a killed broker loses messages that it had acknowledged.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from time import monotonic
from typing import Final

import msgspec

from nap.relay.config import CloudDestination
from nap.relay.couriers.publishing import Publisher
from nap.relay.ports import CommandDesk, Outcomes, Refused, Reply
from nap.spool.ports import Record
from nap.wire import topics
from nap.wire.deadline import deadline
from nap.wire.errors import Cause, LinkError
from nap.wire.messages import Acknowledgment, Connection, Stats
from nap.wire.mqtt import MqttLink, connect
from nap.wire.mqtt_types import Incoming, MqttSettings, Will
from nap.wire.tls_verdicts import TlsFiles

log = logging.getLogger(__name__)

ANSWER_WITHIN_S: Final = 20.0
STATS_EVERY_S: Final = 60.0
# Few commands wait for us at once, and each may be as large as the broker allows.
RECEIVE_MAXIMUM: Final = 20
# While a slow disk settles, mosquitto 2.0.11 goes on sending acknowledgments beyond that number.
EXCESS: Final = 500
LARGEST_COMMAND_BYTES: Final = 512 * 1024

_ACKNOWLEDGMENT: Final = msgspec.json.Decoder(Acknowledgment)


@dataclass(frozen=True, slots=True, kw_only=True)
class Station:
    """Who we are, as the cloud is told."""

    nap_id: str
    model: str | None = None
    version: str | None = None
    simulated: bool = False


class CloudCourier:
    """Fits `nap.relay.ports.Courier`."""

    kind: Final = "cloud"

    def __init__(
        self,
        destination: CloudDestination,
        station: Station,
        stats: Callable[[], Stats | None] = lambda: None,
        commands: CommandDesk | None = None,
    ) -> None:
        """`stats` gives the ledger to publish about every minute; None: not now.

        Without a desk for commands there are none but acknowledgments.
        """
        self._destination = destination
        self._station = station
        self._stats = stats
        self._commands = commands

    @property
    def address(self) -> str:
        """Host and port."""
        return f"{self._destination.host}:{self._destination.port}"

    @asynccontextmanager
    async def session(self, epoch: str, wake: asyncio.Event) -> AsyncGenerator[CloudSession]:
        """See Courier."""
        nap_id = self._station.nap_id
        async with connect(self._settings(), wake) as link:
            await link.subscribe(topics.command(nap_id, "+"))
            await self._say_online(link)
            if self._commands is not None:
                self._commands.attach(wake)
            yield CloudSession(link, nap_id, epoch, self._stats, self._commands)

    def _settings(self) -> MqttSettings:
        destination = self._destination
        return MqttSettings(
            host=destination.host,
            port=destination.port,
            client_id=self._station.nap_id,
            files=TlsFiles(
                authority_path=destination.authority_path,
                certificate_path=destination.certificate_path,
                key_path=destination.key_path,
            ),
            will=Will(topics.state(self._station.nap_id, "conn"), self._connection(online=False)),
            keep_alive_s=destination.keep_alive_s,
            receive_maximum=RECEIVE_MAXIMUM,
            excess=EXCESS,
            largest_packet_bytes=LARGEST_COMMAND_BYTES,
            timeout_s=ANSWER_WITHIN_S,
        )

    def _connection(self, *, online: bool) -> bytes:
        since_utc = datetime.now(UTC).isoformat(timespec="seconds") if online else None
        message = Connection(
            online=online,
            since_utc=since_utc,
            model=self._station.model,
            version=self._station.version,
            simulated=self._station.simulated,
        )
        return msgspec.json.encode(message)

    async def _say_online(self, link: MqttLink) -> None:
        topic = topics.state(self._station.nap_id, "conn")
        link.publish(topic, self._connection(online=True), retain=True)
        # Waiting for the answer leaves the whole window to records, and finds a wrong ACL at once.
        async with deadline(ANSWER_WITHIN_S, "the broker does not take our state"):
            while not (answers := link.take_acknowledged()):
                await link.wait()
        if answers[0].refused:
            raise LinkError(Cause.REFUSED, f"the broker refuses {topic}: {answers[0].text}")


class CloudSession:
    """Fits `nap.relay.ports.Session`."""

    def __init__(
        self,
        link: MqttLink,
        nap_id: str,
        epoch: str,
        stats: Callable[[], Stats | None],
        commands: CommandDesk | None = None,
    ) -> None:
        self._link = link
        self._commands = commands
        self._answering: tuple[int, Reply] | None = None
        self._nap_id = nap_id
        self._epoch = epoch
        self._stats = stats
        # The first at once: the cloud has not heard of us for a while.
        self._stats_due_at = monotonic()
        self._publisher = Publisher(link, broker_is_the_end=False)

    @property
    def capacity(self) -> int:
        """The broker's Receive Maximum without the one slot that replies and statistics use."""
        return max(1, self._link.server_receive_maximum - 1)

    @property
    def working(self) -> bool:
        """True: the broker has accepted the connection."""
        return True

    def send(self, record: Record) -> None:
        """See Session."""
        self._publisher.send(topics.event(self._nap_id, record.kind.value), record)

    def take_outcomes(self) -> Outcomes:
        """See Session."""
        outcomes = Outcomes()
        self._publisher.sort_answers(outcomes)
        for message in self._link.take_messages():
            if message.topic == topics.command(self._nap_id, "ack"):
                self._take_acknowledgment(message, outcomes)
            elif self._commands is not None:
                self._commands.take(message.topic.rpartition("/")[2], message.payload)
            self._link.acknowledge(message)
        self._publish_reply()
        self._publish_stats()
        return outcomes

    def _take_acknowledgment(self, message: Incoming, outcomes: Outcomes) -> None:
        try:
            acknowledgment = _ACKNOWLEDGMENT.decode(message.payload)
        except msgspec.DecodeError as error:
            # What it confirmed is sent again and confirmed again: nothing is lost by passing over.
            log.warning("acknowledgment not understood: %s topic=%s", error, message.topic)
            return
        if acknowledgment.epoch != self._epoch:
            return
        outcomes.delivered += acknowledgment.ranges
        outcomes.refused += [Refused(r.number, r.reason) for r in acknowledgment.refused]

    @property
    def _free(self) -> bool:
        """Whether the slot that records do not use is free."""
        link = self._link
        return link.server_receive_maximum > 1 and link.in_flight == self._publisher.outstanding

    def _publish_reply(self) -> None:
        for answer in self._publisher.take_others():
            if self._commands and self._answering and answer.packet_id == self._answering[0]:
                if answer.refused:
                    log.warning("the broker refuses a reply: %s", answer.text)
                self._commands.done(self._answering[1])
                self._answering = None
        if self._commands is None or self._answering is not None or not self._free:
            return
        if (reply := self._commands.first()) is not None:
            topic = topics.reply(self._nap_id, reply.name)
            self._answering = self._link.publish(topic, reply.body), reply

    def _publish_stats(self) -> None:
        now, link = monotonic(), self._link
        if now < self._stats_due_at or not self._free:
            return
        if (stats := self._stats()) is not None:
            self._stats_due_at = now + STATS_EVERY_S
            link.publish(topics.event(self._nap_id, "stats"), msgspec.json.encode(stats))
