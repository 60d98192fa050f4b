"""Messages a second from stations over mosquitto and TLS into each database, and their delay.

Real programs: mosquitto, nap-cloud, PostgreSQL. Four stations publish as fast as they may, each
with a bounded number of unconfirmed messages, as the gateway's relay does.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import msgspec
from figure import Figure, percentile
from running import BUILD

ROOT: Final = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from nap.wire import topics  # noqa: E402 - the path comes first
from nap.wire.messages import Acknowledgment  # noqa: E402
from nap.wire.mqtt import MqttLink, connect  # noqa: E402
from tests.parts.mosquitto import Broker  # noqa: E402
from tests.servers.nap_cloud import NapCloud  # noqa: E402
from tests.servers.postgresql import PostgresqlServer  # noqa: E402
from tests.servers.station import Station  # noqa: E402

STATIONS: Final = 4
UNCONFIRMED: Final = 1000
MESSAGES: Final = 20_000
QUICK_MESSAGES: Final = 400
P99: Final = 99
SLOWLY_PER_S: Final = 100.0


class Sender:
    """A station that remembers when it published each record."""

    def __init__(self, link: MqttLink, station: Station) -> None:
        self._link = link
        self._station = station
        self._sent_at: dict[int, float] = {}
        self.waited_s: list[float] = []

    async def send(self, numbers: range, pace: Callable[[int], float] | None = None) -> None:
        """Publish and wait until all is confirmed; `pace` tells how long to wait after each."""
        await self._link.subscribe(topics.command(self._station.nap_id, "ack"))
        topic = topics.event(self._station.nap_id, "uplink")
        for number in numbers:
            while len(self._sent_at) >= UNCONFIRMED or self._full:
                await self._link.wait()
                self._hear()
            self._sent_at[number] = time.monotonic()
            self._link.publish(topic, msgspec.json.encode(self._station.uplink(number)))
            if pace is not None:
                await asyncio.sleep(pace(number))
                self._hear()
        while self._sent_at:
            await self._link.wait()
            self._hear()

    @property
    def _full(self) -> bool:
        return self._link.in_flight >= self._link.server_receive_maximum

    def _hear(self) -> None:
        self._link.take_acknowledged()
        for incoming in self._link.take_messages():
            self._link.acknowledge(incoming)
            answer = msgspec.json.decode(incoming.payload, type=Acknowledgment)
            for first, last in answer.ranges:
                for number in range(first, last + 1):
                    if (sent_at := self._sent_at.pop(number, None)) is not None:
                        self.waited_s.append(time.monotonic() - sent_at)


def figures(*, quick: bool = False) -> list[Figure]:
    """Rate and delay for SQLite and PostgreSQL; delays from publishing to its confirmation."""
    return [figure for name in ("sqlite", "postgresql") for figure in _figures(name, quick=quick)]


def _figures(database: str, *, quick: bool) -> list[Figure]:
    messages, slow_messages = (QUICK_MESSAGES, 50) if quick else (MESSAGES, 1000)
    with (
        tempfile.TemporaryDirectory(prefix="bench-", dir=_build()) as folder,
        _cloud(Path(folder), database) as broker,
    ):
        per_s = asyncio.run(_rate(broker, messages))
        waited_s = asyncio.run(_delays(broker, slow_messages))
    rate = Figure(
        name=f"ingest_{database}_msg_per_s",
        value=per_s,
        unit="msg/s",
        how=f"{messages} messages of {STATIONS} stations over TLS, each confirmed after its commit",
        required="≥ 5 000",
        aim="≥ 20 000",
    )
    delays = [
        Figure(
            name=f"ingest_{database}_p{percent}_ms",
            value=1000 * percentile(waited_s, percent),
            unit="ms",
            how=f"published to confirmed, one station, {SLOWLY_PER_S:g} msg/s",
            required="< 100" if percent == P99 else None,
        )
        for percent in (50, P99)
    ]
    return [rate, *delays]


def _build() -> Path:
    BUILD.mkdir(exist_ok=True)
    return BUILD


async def _rate(broker: Broker, messages: int) -> float:
    began = time.monotonic()
    each = messages // STATIONS
    async with asyncio.TaskGroup() as group:
        for at in range(STATIONS):
            numbers = range(1 + at * each, 1 + (at + 1) * each)
            group.create_task(_station(broker, f"NAP-{at}", numbers))
    return each * STATIONS / (time.monotonic() - began)


async def _station(broker: Broker, nap_id: str, numbers: range) -> None:
    station = Station(broker, nap_id)
    async with connect(station.settings) as link:
        await Sender(link, station).send(numbers)


async def _delays(broker: Broker, messages: int) -> list[float]:
    station = Station(broker, "NAP-SLOW")
    async with connect(station.settings) as link:
        sender = Sender(link, station)
        numbers = range(1_000_000, 1_000_000 + messages)
        await sender.send(numbers, lambda _: 1 / SLOWLY_PER_S)
    return sender.waited_s


@contextmanager
def _cloud(folder: Path, database: str) -> Iterator[Broker]:
    broker = Broker(folder)
    broker.start()
    try:
        if database == "sqlite":
            with _running(NapCloud(folder, broker, f"sqlite:///{folder}/cloud.db")):
                yield broker
        else:
            with (
                PostgresqlServer() as server,
                _running(NapCloud(folder, broker, server.new_database())),
            ):
                yield broker
    finally:
        broker.kill()


@contextmanager
def _running(cloud: NapCloud) -> Iterator[None]:
    cloud.start()
    try:
        yield
    finally:
        cloud.kill()
