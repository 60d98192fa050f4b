"""Messages a second from stations over mosquitto and TLS into each database, and their delay.

Real programs: mosquitto, nap-cloud, PostgreSQL. Four stations publish as fast as they may, each
with a bounded number of unconfirmed messages, as the gateway's relay does.
`python packaging/bench/ingest.py` prints the figures.
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


def figures(*, messages: int = 20_000) -> dict[str, float]:
    """Rate and delay for SQLite and PostgreSQL; delays from publishing to its confirmation."""
    found = {}
    for name in ("sqlite", "postgresql"):
        with tempfile.TemporaryDirectory() as folder, _cloud(Path(folder), name) as broker:
            found[f"ingest_{name}_msg_per_s"] = asyncio.run(_rate(broker, messages))
            waited_s = sorted(asyncio.run(_delays(broker)))
            found[f"ingest_{name}_p50_ms"] = 1000 * waited_s[len(waited_s) // 2]
            found[f"ingest_{name}_p99_ms"] = 1000 * waited_s[len(waited_s) * 99 // 100]
    return found


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


async def _delays(broker: Broker) -> list[float]:
    station = Station(broker, "NAP-SLOW")
    async with connect(station.settings) as link:
        sender = Sender(link, station)
        await sender.send(range(1_000_000, 1_001_000), lambda _: 1 / SLOWLY_PER_S)
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


if __name__ == "__main__":
    for name, value in figures().items():
        print(f"{name:45} {value:14,.1f}")  # noqa: T201 - its output
