"""What goes into an MQTT connection and what comes out of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.reasoncodes import ReasonCode

from nap.wire.tls_verdicts import TlsFiles

# MQTT 5 section 3.2.2.3.3: what holds when the server names no Receive Maximum.
UNLIMITED: Final = 65_535
# MQTT 5 section 2.4: reason codes from here on are refusals.
FIRST_REFUSAL: Final = 0x80
NO_SUBSCRIBERS: Final = 0x10


@dataclass(frozen=True, slots=True)
class Will:
    """What the broker publishes, retained, when this client is gone."""

    topic: str
    payload: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class MqttSettings:
    """How to connect.

    Attributes:
        files: None means without TLS.
        receive_maximum: How many messages may come in before the first is acknowledged; this is
            the only back-pressure, and with `largest_packet_bytes` bounds the memory.
        excess: How many more than `receive_maximum` are taken before the link is ended. Needed with
            mosquitto 2.0.11 (Debian 12), which forgets Receive Maximum once messages queue:
            measured 2 667 unacknowledged messages where 100 were announced.
        session_expiry_s: How long the broker keeps subscriptions and messages after the end.
        timeout_s: From the name look-up to the broker's answer.
    """

    host: str
    port: int
    client_id: str
    files: TlsFiles | None
    user: str | None = None
    password: str | None = None
    will: Will | None = None
    keep_alive_s: int = 60
    receive_maximum: int = 100
    excess: int = 0
    largest_packet_bytes: int = 128 * 1024
    clean_start: bool = True
    session_expiry_s: int = 0
    timeout_s: float = 20.0


@dataclass(frozen=True, slots=True)
class Incoming:
    """A message from the broker; it comes again after a reconnect unless acknowledged."""

    topic: str
    payload: bytes
    retained: bool
    qos: int
    packet_id: int


@dataclass(frozen=True, slots=True)
class Puback:
    """The broker's answer to a published message.

    Attributes:
        reason: MQTT 5 reason code; always 0 with MQTT 3.1.1.
    """

    packet_id: int
    reason: int

    @property
    def refused(self) -> bool:
        """True when the broker did not take the message."""
        return self.reason >= FIRST_REFUSAL

    @property
    def text(self) -> str:
        """The reason in the words of the MQTT 5 specification."""
        try:
            return str(ReasonCode(PacketTypes.PUBACK, identifier=self.reason))
        except KeyError:
            return f"reason code {self.reason}"
