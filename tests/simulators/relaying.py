"""A spool with records, and relays that run beside a test."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar

import numpy as np

from nap.relay.config import AnyDestination, CloudDestination, Pace
from nap.relay.couriers.cloud import Station
from nap.relay.factory import make_relays
from nap.relay.relay import Relay
from nap.relay.status import DestinationStatus
from nap.spool.ports import Kind
from nap.spool.spool import Spool
from nap.wire.messages import Stats
from tests.parts.mosquitto import Broker
from tests.simulators.spooling import ROOMY, body

T = TypeVar("T")

STATION = Station(nap_id="N1", model="NAP3", version="0", simulated=True)


@asynccontextmanager
async def spool_for(folder: Path, *names: str) -> AsyncGenerator[Spool]:
    """A real spool that these destinations read."""
    async with Spool(folder / "spool.db", dict.fromkeys(names, "oldest"), ROOMY) as spool:
        yield spool


async def put(spool: Spool, count: int) -> list[int]:
    """Put `count` records; return their numbers."""
    waiting = [spool.submit(Kind.UPLINK, body) for _ in range(count)]
    return [await number for number in waiting]


def to_cloud(broker: Broker, *, port: int | None = None, **pace: float) -> CloudDestination:
    """The destination that leads to `broker`, or to a proxy of it on `port`."""
    files = broker.station(STATION.nap_id)
    return CloudDestination(
        host="localhost",
        port=port or broker.port,
        authority_path=files / "ca.crt",
        certificate_path=files / "client.crt",
        key_path=files / "client.key",
        keep_alive_s=2,
        pace=Pace(**pace),  # type: ignore[arg-type]
    )


@asynccontextmanager
async def running(
    spool: Spool,
    folder: Path,
    destinations: Sequence[AnyDestination],
    *,
    hurry: float = 0.05,
    stats: Callable[[], Stats | None] = lambda: None,
) -> AsyncGenerator[list[Relay]]:
    """Relays that run until the end of the context; `hurry` shortens their backoff."""
    jitter = np.random.default_rng(7)
    relays = make_relays(
        destinations,
        spool,
        STATION,
        refused_folder=folder / "refused",
        uniform=lambda: hurry * jitter.random(),
        stats=stats,
    )
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(relay.run(lambda: None)) for relay in relays]
        try:
            yield relays
        finally:
            for task in tasks:
                task.cancel()


async def settled(spool: Spool, name: str, within_s: float = 30.0) -> None:
    """Return once nothing waits for the destination `name` any more."""
    async with asyncio.timeout(within_s):
        async for count in polled(lambda: spool.count_waiting(name)):
            if count == 0:
                return


async def polled(ask: Callable[[], Awaitable[T]]) -> AsyncIterator[T]:
    """The answers to `ask`, every few milliseconds; for what tells nobody when it changes."""
    while True:
        yield await ask()
        await asyncio.sleep(0.01)


async def status_when(
    relay: Relay, condition: Callable[[DestinationStatus], bool], within_s: float = 15.0
) -> DestinationStatus:
    """The first status that fulfils `condition`."""
    async with asyncio.timeout(within_s):
        async for status in polled(relay.status):
            if condition(status):
                return status
    raise AssertionError
