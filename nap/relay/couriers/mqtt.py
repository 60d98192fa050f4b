"""To any MQTT broker: a message has arrived when the broker acknowledges it (PUBACK).

Less than our cloud promises: a broker that dies may take messages with it that it had
acknowledged, and it acknowledges what nobody listens to.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import msgspec

from nap.relay.config import MqttDestination
from nap.relay.couriers.publishing import Publisher
from nap.relay.couriers.secret import read_secret
from nap.relay.ports import Outcomes
from nap.spool.ports import Record
from nap.wire.mqtt import MqttLink, connect
from nap.wire.mqtt_types import MqttSettings
from nap.wire.tls_verdicts import TlsFiles


class _Addressed(msgspec.Struct):
    device_id: str


_DEVICE: Final = msgspec.json.Decoder(_Addressed)


class MqttCourier:
    """Fits `nap.relay.ports.Courier`."""

    kind: Final = "mqtt"

    def __init__(self, destination: MqttDestination, nap_id: str) -> None:
        self._destination = destination
        self._nap_id = nap_id

    @property
    def address(self) -> str:
        """Host and port."""
        return f"{self._destination.host}:{self._destination.port}"

    @asynccontextmanager
    async def session(self, epoch: str, wake: asyncio.Event) -> AsyncGenerator[MqttSession]:
        """See Courier."""
        del epoch  # it is in every body
        async with connect(await self._settings(), wake) as link:
            yield MqttSession(link, self._destination.topic, self._nap_id)

    async def _settings(self) -> MqttSettings:
        destination = self._destination
        return MqttSettings(
            host=destination.host,
            port=destination.port,
            client_id=destination.client_id or f"nap-{self._nap_id}",
            files=_files(destination),
            user=destination.user,
            password=await _password(destination.password_path),
            keep_alive_s=destination.keep_alive_s,
        )


class MqttSession:
    """Fits `nap.relay.ports.Session`."""

    def __init__(self, link: MqttLink, topic: str, nap_id: str) -> None:
        self._link = link
        self._topic = topic
        self._nap_id = nap_id
        self._publisher = Publisher(link, broker_is_the_end=True)

    @property
    def capacity(self) -> int:
        """The broker's Receive Maximum."""
        return self._link.server_receive_maximum

    @property
    def working(self) -> bool:
        """True: the broker has accepted the connection."""
        return True

    def send(self, record: Record) -> None:
        """See Session."""
        self._publisher.send(self._topic_of(record), record)

    def take_outcomes(self) -> Outcomes:
        """See Session."""
        outcomes = Outcomes()
        self._publisher.sort_answers(outcomes)
        return outcomes

    def _topic_of(self, record: Record) -> str:
        device_id = _DEVICE.decode(record.body).device_id if "{device_id}" in self._topic else ""
        return self._topic.format(nap_id=self._nap_id, event=record.kind.value, device_id=device_id)


def _files(destination: MqttDestination) -> TlsFiles | None:
    if not destination.tls:
        return None
    return TlsFiles(
        authority_path=destination.authority_path,
        certificate_path=destination.certificate_path,
        key_path=destination.key_path,
    )


async def _password(path: Path | None) -> str | None:
    return None if path is None else await read_secret(path)
