"""The state of one MQTT connection, kept by the callbacks of its paho client."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Sequence
from typing import Any, Final

from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage
from paho.mqtt.enums import MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from nap.wire.channel import Channel, OversizeError
from nap.wire.errors import Cause, LinkError
from nap.wire.mqtt_types import Incoming, MqttSettings, Puback
from nap.wire.pump import ChannelClient, Pump
from nap.wire.tls_verdicts import explain

# MQTT 5 section 3.2.2.3.3: what holds when the server names no Receive Maximum.
UNLIMITED: Final = 65_535
LARGEST_MQTT_PACKET_BYTES: Final = 268_435_460

_DISCONNECT_WITH_WILL: Final = 0x04
_VERSION_REFUSED: Final = 0x84
# The reason codes under which paho tells its own verdicts.
_OUR_VERDICTS: Final = {
    0x8D: (Cause.KEEP_ALIVE, "the broker does not answer any more"),
    0x82: (Cause.PROTOCOL, "the broker sends what MQTT does not allow"),
}


class Session:
    """One connection on a socket that is ready; starts with CONNECT.

    Attributes:
        changed: Set at every change that a user of the link may wait for.
        pubacks: The broker's answers that nobody took yet.
        messages: Incoming messages that nobody took yet.
        unacknowledged: Incoming messages of QoS 1 that were not acknowledged yet.
        ended: Why the connection ended.
    """

    def __init__(
        self,
        settings: MqttSettings,
        protocol: MQTTProtocolVersion,
        sock: socket.socket,
        own_certificate: str,
        changed: asyncio.Event,
    ) -> None:
        self.changed = changed
        self.protocol = protocol
        self.session_present = False
        self.server_receive_maximum = UNLIMITED
        self.server_largest_packet_bytes = LARGEST_MQTT_PACKET_BYTES
        self.in_flight = 0
        self.unacknowledged = 0
        self.pubacks: list[Puback] = []
        self.messages: list[Incoming] = []
        self.ended: LinkError | None = None
        self._settings = settings
        self._own_certificate = own_certificate
        self._loop = asyncio.get_running_loop()
        self._accepted: asyncio.Future[None] = self._loop.create_future()
        self._subscribing: dict[int, asyncio.Future[list[ReasonCode]]] = {}
        self._channel = Channel(sock, settings.largest_packet_bytes)
        clean = settings.clean_start and settings.session_expiry_s == 0
        self.client = ChannelClient(settings.client_id, protocol, self._channel, clean=clean)
        self._pump = Pump(self.client, self._channel)
        self._start()

    def _start(self) -> None:
        settings, client = self._settings, self.client
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_publish = self._on_publish
        client.on_message = self._on_message
        client.on_subscribe = self._on_subscribe
        if settings.user is not None:
            client.username_pw_set(settings.user, settings.password)
        if settings.will is not None:
            client.will_set(settings.will.topic, settings.will.payload, qos=1, retain=True)
        if self.protocol is MQTTProtocolVersion.MQTTv5:
            client.connect(
                settings.host,
                settings.port,
                settings.keep_alive_s,
                clean_start=settings.clean_start,
                properties=_connect_properties(settings),
            )
        else:
            client.connect(settings.host, settings.port, settings.keep_alive_s)

    async def accepted(self) -> None:
        """Return once the broker has accepted the connection; LinkError when it does not."""
        await self._accepted

    async def subscribed(self, packet_id: int) -> list[ReasonCode]:
        """The broker's answer to SUBSCRIBE; LinkError when the connection ends before."""
        answer: asyncio.Future[list[ReasonCode]] = self._loop.create_future()
        self._subscribing[packet_id] = answer
        try:
            return await answer
        finally:
            del self._subscribing[packet_id]

    def close(self) -> None:
        """End the connection; the broker publishes the Will, if there is one."""
        if self.ended is None:
            self._end(LinkError(Cause.CLOSED, "closed by ourselves"))
            version_5 = self.protocol is MQTTProtocolVersion.MQTTv5
            if self._settings.will is None:
                self.client.disconnect()
            elif version_5:
                with_will = ReasonCode(PacketTypes.DISCONNECT, identifier=_DISCONNECT_WITH_WILL)
                self.client.disconnect(with_will)
            # With 3.1.1 a DISCONNECT would suppress the Will: only the socket is closed.
            self.client.loop_write()
        self._pump.stop()
        self._channel.close()

    def _end(self, error: LinkError) -> None:
        if self.ended is not None:
            return
        self.ended = error
        self.changed.set()
        _fail(self._accepted, error)
        for answer in self._subscribing.values():
            _fail(answer, error)

    def _breach(self, text: str) -> None:
        # paho holds a lock during its callbacks that closing takes as well: close afterwards.
        self._end(LinkError(Cause.PROTOCOL, text))
        self._loop.call_soon(self._pump.stop)
        self._loop.call_soon(self._channel.close)

    def _on_connect(
        self,
        _client: Client,
        _userdata: object,
        flags: ConnectFlags,
        reason: ReasonCode,
        properties: Properties | None,
    ) -> None:
        if reason.is_failure:
            refused = Cause.VERSION_REFUSED if reason.value == _VERSION_REFUSED else Cause.REFUSED
            self._end(LinkError(refused, f"the broker refuses the connection: {reason}"))
        elif self._accepted.done():
            self._breach("the broker accepted the connection twice")
        else:
            self.session_present = flags.session_present
            # paho leaves absent properties out altogether.
            self.server_receive_maximum = getattr(properties, "ReceiveMaximum", UNLIMITED)
            self.server_largest_packet_bytes = getattr(
                properties, "MaximumPacketSize", LARGEST_MQTT_PACKET_BYTES
            )
            if getattr(properties, "MaximumQoS", 1) < 1:
                self._breach("the broker takes messages without acknowledgment only (QoS 0)")
            else:
                self._accepted.set_result(None)

    def _on_disconnect(
        self,
        _client: Client,
        _userdata: object,
        flags: DisconnectFlags,
        reason: ReasonCode,
        _properties: Properties | None,
    ) -> None:
        self._end(self._why(reason, from_broker=flags.is_disconnect_packet_from_server))

    def _why(self, reason: ReasonCode, *, from_broker: bool) -> LinkError:
        fault = self._channel.fault
        if from_broker:
            return LinkError(Cause.CLOSED, f"the broker ended the connection: {reason}")
        if isinstance(fault, OversizeError):
            return LinkError(Cause.PROTOCOL, f"the broker sends {fault}")
        if fault is not None:
            return explain(fault, self._own_certificate)
        if reason.value in _OUR_VERDICTS:
            cause, text = _OUR_VERDICTS[reason.value]
            return LinkError(cause, text)
        return self._hung_up()

    def _hung_up(self) -> LinkError:
        if not self._accepted.done() and self.protocol is MQTTProtocolVersion.MQTTv5:
            # Old brokers hang up on a version that they do not know.
            return LinkError(Cause.VERSION_REFUSED, "the broker hangs up at CONNECT")
        return LinkError(Cause.CLOSED, "the broker closed the connection")

    def _on_publish(
        self,
        _client: Client,
        _userdata: object,
        packet_id: int,
        reason: ReasonCode,
        _properties: Properties | None,
    ) -> None:
        self.in_flight -= 1
        self.pubacks.append(Puback(packet_id, reason.value))
        self.changed.set()

    def _on_message(self, _client: Client, _userdata: object, message: MQTTMessage) -> None:
        if self.ended is not None:
            return
        try:
            topic = message.topic
        except UnicodeDecodeError:
            self._breach("the broker sends a topic that is not UTF-8")
            return
        if message.qos > 0:
            self.unacknowledged += 1
        most = self._settings.receive_maximum + self._settings.excess
        if max(self.unacknowledged, len(self.messages) + 1) > most:
            self._breach(f"the broker sends more than {most} at once")
            return
        self.messages.append(
            Incoming(topic, bytes(message.payload), message.retain, message.qos, message.mid)
        )
        self.changed.set()

    def _on_subscribe(
        self,
        _client: Client,
        _userdata: object,
        packet_id: int,
        reasons: Sequence[ReasonCode],
        _properties: Properties | None,
    ) -> None:
        answer = self._subscribing.get(packet_id)
        if answer is not None and not answer.done():
            answer.set_result(list(reasons))


def _fail(waiter: asyncio.Future[Any], error: LinkError) -> None:
    if not waiter.done():
        waiter.set_exception(error)
        # Nobody may be waiting any more; that is no reason for a warning.
        waiter.exception()


def _connect_properties(settings: MqttSettings) -> Properties:
    properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
    properties.ReceiveMaximum = settings.receive_maximum
    properties.MaximumPacketSize = settings.largest_packet_bytes
    properties.SessionExpiryInterval = settings.session_expiry_s
    return properties
