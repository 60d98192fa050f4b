"""Messages a second from a spool on disk to a confirming cloud, over mosquitto and mutual TLS.

The cloud's end is simulated by a process of its own that confirms what it gets; it stores nothing.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from figure import Figure

ROOT: Final = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from nap.relay.config import Pace  # noqa: E402 - the path comes first
from nap.spool.ports import Kind  # noqa: E402
from nap.spool.spool import Spool  # noqa: E402
from nap.wire.mqtt import connect  # noqa: E402
from nap.wire.mqtt_types import MqttSettings  # noqa: E402
from nap.wire.tls_verdicts import TlsFiles  # noqa: E402
from tests.parts.mosquitto import Broker  # noqa: E402
from tests.simulators.peer import Peer  # noqa: E402
from tests.simulators.relaying import (  # noqa: E402
    running,
    settled,
    spool_for,
    status_when,
    to_cloud,
)

# As long as a real uplink as JSON.
PADDING: Final = "x" * 330
MESSAGES: Final = 20_000
QUICK_MESSAGES: Final = 500
HOW: Final = {
    "link_msg_per_s": "acknowledged by the broker",
    "relay_msg_per_s": "from the spool's disk, confirmed end to end by a simulated cloud, settled",
}
UNLIMITED: Final = Pace(in_flight=1000, unconfirmed=10_000, drain_per_s=1e6, live_reserve=0.0)


def figures(*, quick: bool = False) -> list[Figure]:
    """Rates of the link alone and of the whole relay, each the median of its runs."""
    messages, count = (QUICK_MESSAGES, 1) if quick else (MESSAGES, 3)
    runs = [asyncio.run(_measure(messages)) for _ in range(count)]
    return [
        Figure(
            name=name,
            value=statistics.median(run[name] for run in runs),
            unit="msg/s",
            how=f"TLS 1.3 through mosquitto, QoS 1, 400 bytes; {messages} messages, {how}",
        )
        for name, how in HOW.items()
    ]


async def _measure(messages: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder, _broker(Path(folder)) as broker:
        link_per_s = await _publish(broker, messages)
        with _peer(broker):
            relay_per_s = await _relay(broker, Path(folder), messages)
    return {"link_msg_per_s": link_per_s, "relay_msg_per_s": relay_per_s}


async def _publish(broker: Broker, messages: int) -> float:
    """The link alone: QoS 1, acknowledged by the broker."""
    payload, topic = _body("0" * 16, 1), "nap/N1/event/uplink"
    async with connect(broker.station_link("N1")) as link:
        sent = acknowledged = 0
        began = time.perf_counter()
        while acknowledged < messages:
            while sent < messages and link.in_flight < link.server_receive_maximum:
                link.publish(topic, payload)
                sent += 1
            await link.wait()
            acknowledged += len(link.take_acknowledged())
        return messages / (time.perf_counter() - began)


async def _relay(broker: Broker, folder: Path, messages: int) -> float:
    """The whole way: read from the spool, published, confirmed end to end, settled on disk."""
    destination = to_cloud(
        broker, **{f: getattr(UNLIMITED, f) for f in UNLIMITED.__struct_fields__}
    )
    async with spool_for(folder, "cloud") as spool:
        await _fill(spool, messages)
        async with running(spool, folder, [destination]) as [relay]:
            await status_when(relay, lambda status: status.counters.sent > 0)
            began = time.perf_counter()
            await settled(spool, "cloud", within_s=300)
            return messages / (time.perf_counter() - began)


async def _fill(spool: Spool, messages: int) -> None:
    for start in range(0, messages, 5000):
        waiting = [spool.submit(Kind.UPLINK, _body) for _ in range(min(5000, messages - start))]
        for number in waiting:
            await number


def _body(epoch: str, number: int) -> bytes:
    content = {"epoch": epoch, "number": number, "padding": PADDING}
    return json.dumps(content).encode()


@contextmanager
def _broker(folder: Path) -> Iterator[Broker]:
    broker = Broker(folder / "mosquitto")
    broker.start()
    try:
        yield broker
    finally:
        broker.kill()


@contextmanager
def _peer(broker: Broker) -> Iterator[None]:
    words = [sys.executable, __file__, str(broker.service_port), str(broker.cloud())]
    with subprocess.Popen(words, stdout=subprocess.PIPE) as process:  # noqa: S603 - ourselves
        try:
            if process.stdout is None or not process.stdout.readline():
                raise RuntimeError("the simulated cloud did not start")
            yield
        finally:
            process.kill()


async def _be_the_peer(port: int, folder: Path) -> None:
    settings = MqttSettings(
        host="localhost",
        port=port,
        client_id="peer",
        files=TlsFiles.in_folder(folder),
        receive_maximum=2000,
    )
    async with Peer().listening(settings):
        sys.stdout.write("listening\n")
        sys.stdout.flush()
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_be_the_peer(int(sys.argv[1]), Path(sys.argv[2])))
