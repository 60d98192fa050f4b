"""One MQTT connection, from CONNACK to its end; box and cloud both use it.

It never reconnects and never queues: whoever uses it makes a new one, and sends again what was
not acknowledged. Everything that comes in is collected and taken in batches, without a task or a
future per message.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Final

from paho.mqtt.enums import MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.reasoncodes import ReasonCode

from nap.wire.errors import Cause, LinkError, WindowFullError
from nap.wire.mqtt_session import Session, deadline
from nap.wire.mqtt_types import Incoming, MqttSettings, Puback
from nap.wire.tls import open_socket

_QOS: Final = 1


@asynccontextmanager
async def connect(
    settings: MqttSettings, changed: asyncio.Event | None = None
) -> AsyncGenerator[MqttLink]:
    """Connect with MQTT 5, or 3.1.1 where the broker refuses 5, and disconnect at the end.

    A Will is published at the end in any case: it says that this client is gone, and it is.

    Args:
        settings: Where to and how.
        changed: The event to set when something comes in, for those who wait for other things too.

    Raises:
        LinkError: with the cause.
    """
    session = await _establish(settings, changed or asyncio.Event())
    try:
        yield MqttLink(settings, session)
    finally:
        session.close()


async def _establish(settings: MqttSettings, changed: asyncio.Event) -> Session:
    text = f"no answer from {settings.host}:{settings.port} in {settings.timeout_s:g} s"
    async with deadline(settings.timeout_s, text):
        try:
            return await _try(settings, changed, MQTTProtocolVersion.MQTTv5)
        except LinkError as error:
            if error.cause is not Cause.VERSION_REFUSED:
                raise
        changed.clear()
        return await _try(settings, changed, MQTTProtocolVersion.MQTTv311)


async def _try(
    settings: MqttSettings, changed: asyncio.Event, protocol: MQTTProtocolVersion
) -> Session:
    sock, own_certificate = await open_socket(settings.host, settings.port, settings.files)
    session = Session(settings, protocol, sock, own_certificate, changed)
    try:
        await session.accepted()
    except BaseException:
        session.close()
        raise
    return session


class MqttLink:
    """An established connection; made by `connect`."""

    def __init__(self, settings: MqttSettings, session: Session) -> None:
        self._settings = settings
        self._session = session

    @property
    def changed(self) -> asyncio.Event:
        """Set whenever there is something to take, and when the link has ended."""
        return self._session.changed

    @property
    def version(self) -> str:
        """The MQTT version that the broker speaks: "5" or "3.1.1"."""
        return "5" if self._session.protocol is MQTTProtocolVersion.MQTTv5 else "3.1.1"

    @property
    def session_present(self) -> bool:
        """True when the broker still had our subscriptions."""
        return self._session.session_present

    @property
    def server_receive_maximum(self) -> int:
        """How many messages may be unacknowledged at the broker at once."""
        return self._session.server_receive_maximum

    @property
    def server_largest_packet_bytes(self) -> int:
        """A larger packet makes the broker end the connection."""
        return self._session.server_largest_packet_bytes

    @property
    def in_flight(self) -> int:
        """Messages published and not yet acknowledged by the broker."""
        return self._session.in_flight

    @property
    def ended(self) -> LinkError | None:
        """Why the link ended; None while it works."""
        return self._session.ended

    def check(self) -> None:
        """Raise the LinkError that ended the link, if it has ended."""
        if (ended := self._session.ended) is not None:
            raise LinkError(ended.cause, str(ended))

    async def wait(self) -> None:
        """Return once `changed` was set, and clear it.

        Raises:
            LinkError: the link has ended.
        """
        await self.changed.wait()
        self.changed.clear()
        self.check()

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> int:
        """Send at QoS 1 now; return the packet id that the broker's answer will carry.

        Raises:
            WindowFullError: `in_flight` has reached `server_receive_maximum`.
            LinkError: the link has ended.
        """
        self.check()
        session = self._session
        if session.in_flight >= session.server_receive_maximum:
            raise WindowFullError(session.in_flight)
        info = session.client.publish(topic, payload, _QOS, retain)
        if info.rc is not MQTTErrorCode.MQTT_ERR_SUCCESS:
            raise LinkError(Cause.CLOSED, f"cannot send: {info.rc.name}")
        session.in_flight += 1
        return info.mid

    def take_acknowledged(self) -> list[Puback]:
        """The broker's answers since the last call."""
        taken, self._session.pubacks = self._session.pubacks, []
        return taken

    def take_messages(self) -> list[Incoming]:
        """The messages that came since the last call; each must be given to `acknowledge`."""
        taken, self._session.messages = self._session.messages, []
        return taken

    def acknowledge(self, message: Incoming) -> None:
        """Tell the broker that `message` is safe with us; nothing when the link has ended."""
        if message.qos > 0 and self._session.ended is None:
            self._session.unacknowledged -= 1
            self._session.client.ack(message.packet_id, message.qos)

    async def subscribe(self, *filters: str) -> None:
        """Subscribe at QoS 1; messages may arrive before this returns.

        Raises:
            LinkError: the broker refuses a filter or does not answer, or the link has ended.
        """
        self.check()
        _, packet_id = self._session.client.subscribe([(name, _QOS) for name in filters])
        if packet_id is None:
            raise LinkError(Cause.CLOSED, "cannot subscribe: the connection is gone")
        async with deadline(self._settings.timeout_s, "the broker does not answer SUBSCRIBE"):
            reasons: list[ReasonCode] = await self._session.subscribed(packet_id)
        for name, reason in zip(filters, reasons, strict=False):
            if reason.is_failure:
                raise LinkError(Cause.REFUSED, f"subscription to {name} refused: {reason}")
