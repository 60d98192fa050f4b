"""The connection to the broker: messages in, acknowledgments out.

    broker ── message ──> decide ──> Writer (its thread commits) ──> Answers ── ack ──> broker
                                                                        └─ then PUBACK

PUBACK follows the acknowledgment on the same connection: whatever breaks between, the broker
gives the message out again, and a replay is only acknowledged anew.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NoReturn

from cloud.errors import BrokerLostError
from cloud.ingest.acknowledge import Answers
from cloud.ingest.decide import decide
from cloud.store.entries import Refused
from cloud.store.writer import Ticket, Writer
from nap.wire.errors import LinkError
from nap.wire.mqtt import MqttLink, connect
from nap.wire.mqtt_types import Incoming, MqttSettings

log = logging.getLogger(__name__)

# Workers share the events. Every worker gets the states: a shared subscription would not be told
# the retained ones.
FILTERS: Final = (
    "$share/ingest/nap/+/event/uplink",
    "$share/ingest/nap/+/event/repetitions",
    "$share/ingest/nap/+/event/stats",
    "nap/+/state/conn",
)


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message and the connection that waits for its PUBACK."""

    link: MqttLink
    incoming: Incoming


@dataclass(slots=True)
class IngestState:
    """What health and metrics show."""

    fault: str | None = "not connected yet"
    received: int = 0
    acknowledged: int = 0
    refused: int = 0
    connections: int = 0


class Ingest:
    """Takes what stations publish; never holds more than the Receive Maximum."""

    name: Final = "ingest"

    def __init__(self, settings: MqttSettings, writer: Writer[Delivery]) -> None:
        self.state = IngestState()
        self._settings = settings
        self._writer = writer
        self._answers: Answers[Delivery] = Answers()
        self._link: MqttLink | None = None

    async def run(self) -> NoReturn:
        """Ingest until cancelled.

        Raises:
            BrokerLostError: the connection could not be made, or ended.
        """
        try:
            async with connect(self._settings) as link:
                await link.subscribe(*FILTERS)
                await self._ingest(link)
        except LinkError as error:
            self.state.fault = str(error)
            raise BrokerLostError(str(error)) from error
        finally:
            self._let_go()

    def committed(self, tickets: Sequence[Ticket[Delivery]]) -> None:
        """Answer entries that are safe now; called on the event loop."""
        for ticket in tickets:
            delivery = ticket.token
            if isinstance(ticket.entry, Refused):
                self.state.refused += 1
            if not self._answers.add(ticket.entry, delivery):
                delivery.link.acknowledge(delivery.incoming)
        if self._link is not None:
            self._link.changed.set()

    async def _ingest(self, link: MqttLink) -> NoReturn:
        self._link = link
        self.state.fault = None
        self.state.connections += 1
        log.info("ingest is connected: host=%s mqtt=%s", self._settings.host, link.version)
        while True:
            for incoming in link.take_messages():
                self.state.received += 1
                entry = decide(incoming.topic, incoming.payload)
                self._writer.submit(Ticket(entry, Delivery(link, incoming)))
            for answer in link.take_acknowledged():
                if answer.refused:
                    log.warning("the broker refuses an acknowledgment: reason=%s", answer.text)
            self._publish(link)
            await link.wait()

    def _publish(self, link: MqttLink) -> None:
        while self._answers and link.in_flight < link.server_receive_maximum:
            answer = self._answers.take()
            link.publish(answer.topic, answer.body)
            self.state.acknowledged += len(answer.tokens)
            for delivery in answer.tokens:
                delivery.link.acknowledge(delivery.incoming)

    def _let_go(self) -> None:
        """Forget what the broker will give out again: the next connection starts empty."""
        link, self._link = self._link, None
        self._writer.withdraw(lambda delivery: delivery.link is link)
        self._answers = Answers()
