"""What every way to a destination promises the relay, over real brokers and servers."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from nap.relay.config import HttpDestination, MqttDestination
from nap.relay.couriers.cloud import CloudCourier
from nap.relay.couriers.http import HttpCourier
from nap.relay.couriers.mqtt import MqttCourier
from nap.relay.ports import Courier, Outcomes, Session
from nap.spool.ports import Kind, Record
from nap.wire.errors import LinkError
from tests.parts.mosquitto import Broker
from tests.simulators.peer import Peer
from tests.simulators.relaying import STATION, polled, to_cloud
from tests.simulators.web_server import WebServer

EPOCH = "0123456789abcdef"


@dataclass
class Far:
    """A courier, what is at its other end, and how to kill that."""

    courier: Courier
    numbers: Callable[[], list[int]]
    kill: Callable[[], Awaitable[None]]


async def cloud(stack: AsyncExitStack, folder: Path) -> Far:
    broker, peer = started(stack, folder), Peer()
    await stack.enter_async_context(peer.listening(broker.cloud_link()))
    return Far(CloudCourier(to_cloud(broker), STATION), lambda: peer.taken, killing(broker))


async def mqtt(stack: AsyncExitStack, folder: Path) -> Far:
    broker, peer = started(stack, folder), Peer()
    await stack.enter_async_context(peer.listening(broker.cloud_link()))
    files = broker.station("N1")
    destination = MqttDestination(
        host="localhost",
        port=broker.port,
        authority_path=files / "ca.crt",
        certificate_path=files / "client.crt",
        key_path=files / "client.key",
    )
    return Far(MqttCourier(destination, "N1"), lambda: peer.taken, killing(broker))


async def http(stack: AsyncExitStack, _folder: Path) -> Far:
    server, listening = WebServer(), AsyncExitStack()
    await stack.enter_async_context(listening)
    await listening.enter_async_context(server.listening())
    destination = HttpDestination(url=f"http://127.0.0.1:{server.port}/in", batch=10)
    courier = HttpCourier(destination, "N1")
    return Far(courier, lambda: [record["number"] for record in server.taken], listening.aclose)


def killing(broker: Broker) -> Callable[[], Awaitable[None]]:
    return lambda: asyncio.to_thread(broker.kill)


def started(stack: AsyncExitStack, folder: Path) -> Broker:
    broker = Broker(folder)
    broker.start()
    stack.callback(broker.kill)
    return broker


@pytest.fixture(params=[cloud, mqtt, http])
async def far(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncGenerator[Far]:
    async with AsyncExitStack() as stack:
        yield await request.param(stack, tmp_path)


def record(number: int) -> Record:
    body = json.dumps({"epoch": EPOCH, "number": number, "device_id": "0123abcd"}).encode()
    return Record(number, Kind.UPLINK, body, 0.0)


def counted(outcomes: Outcomes) -> list[int]:
    return [n for first, last in outcomes.delivered for n in range(first, last + 1)]


async def arrived(far: Far, count: int) -> list[int]:
    """What is at the other end, once it is `count`; a broker acknowledges before it passes on."""

    async def numbers() -> list[int]:
        return far.numbers()

    async with asyncio.timeout(10):
        async for there in polled(numbers):
            if len(there) >= count:
                return there
    raise AssertionError


async def deliver(session: Session, wake: asyncio.Event, count: int) -> list[int]:
    delivered: list[int] = []
    async with asyncio.timeout(10):
        while len(delivered) < count:
            delivered += counted(session.take_outcomes())
            if len(delivered) < count:
                await wake.wait()
                wake.clear()
    return delivered


async def test_what_is_sent_is_delivered_once_and_told_once(far: Far) -> None:
    wake = asyncio.Event()
    async with far.courier.session(EPOCH, wake) as session:
        assert session.capacity >= 20
        for number in range(1, 21):
            session.send(record(number))
        assert sorted(await deliver(session, wake, 20)) == list(range(1, 21))
        assert session.working
        assert session.take_outcomes() == Outcomes()
    assert sorted(await arrived(far, 20)) == list(range(1, 21))


async def test_a_death_at_the_other_end_is_a_link_error_and_wakes_the_relay(far: Far) -> None:
    wake = asyncio.Event()
    async with AsyncExitStack() as stack:
        session = await stack.enter_async_context(far.courier.session(EPOCH, wake))
        session.send(record(1))
        await deliver(session, wake, 1)
        await far.kill()
        with pytest.raises(LinkError):
            await second_record(session, wake)


async def second_record(session: Session, wake: asyncio.Event) -> None:
    session.send(record(2))
    await deliver(session, wake, 1)


async def test_nobody_there_is_a_link_error_with_a_cause(far: Far) -> None:
    await far.kill()
    wake = asyncio.Event()
    with pytest.raises(LinkError) as caught:
        await whole_session(far, wake)
    assert caught.value.cause.value


async def whole_session(far: Far, wake: asyncio.Event) -> None:
    async with far.courier.session(EPOCH, wake) as session:
        await second_record(session, wake)


async def test_a_new_session_of_the_same_courier_works_as_the_first(far: Far) -> None:
    for number in (1, 2):
        wake = asyncio.Event()
        async with far.courier.session(EPOCH, wake) as session:
            session.send(record(number))
            assert await deliver(session, wake, 1) == [number]


async def test_an_abandoned_session_leaves_nothing_behind(far: Far) -> None:
    wake = asyncio.Event()
    async with far.courier.session(EPOCH, wake) as session:
        for number in range(1, 6):
            session.send(record(number))
    # A socket or task that is still open fails the test by its warning.
    wake.clear()
    async with far.courier.session(EPOCH, wake) as session:
        session.send(record(6))
        assert 6 in await deliver(session, wake, 1)


def test_no_courier_shows_a_secret_in_its_address() -> None:
    destination = HttpDestination(url="https://example.org/in?key=s3cret")
    assert HttpCourier(destination, "N1").address == "https://example.org/in"
