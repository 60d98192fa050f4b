"""The relay over a real spool, a real broker and real TLS, while everything breaks."""

from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec
import pytest

from nap.spool.ports import Kind
from nap.wire.messages import Stats
from tests.parts.mosquitto import Broker
from tests.simulators.peer import Peer
from tests.simulators.proxy import Proxy
from tests.simulators.relaying import put, running, settled, spool_for, status_when, to_cloud
from tests.simulators.spooling import body

FAST = {"drain_per_s": 1e6, "confirm_within_s": 1.0}


async def test_what_is_put_arrives_and_is_settled_once_the_cloud_confirms(
    broker: Broker, tmp_path: Path
) -> None:
    peer = Peer()
    async with (
        spool_for(tmp_path, "cloud") as spool,
        peer.listening(broker.cloud_link()),
        running(spool, tmp_path, [to_cloud(broker)]) as [relay],
    ):
        numbers = await put(spool, 20)
        await peer.has(20)
        await settled(spool, "cloud")
        assert sorted(peer.taken) == numbers
        status = await relay.status()
        assert status.connected
        assert (status.waiting, status.in_flight, status.unconfirmed) == (0, 0, 0)
        assert status.counters.delivered == 20


async def test_a_broker_acknowledgment_alone_settles_nothing(
    broker: Broker, tmp_path: Path
) -> None:
    peer = Peer(silent=True)
    async with (
        spool_for(tmp_path, "cloud") as spool,
        peer.listening(broker.cloud_link()),
        running(spool, tmp_path, [to_cloud(broker)]) as [relay],
    ):
        await put(spool, 5)
        status = await status_when(relay, lambda s: s.unconfirmed > 0 and s.in_flight == 0)
        assert (status.unconfirmed, status.waiting) == (5, 5)


async def test_nothing_is_lost_when_the_broker_dies_with_all_it_had_acknowledged(
    broker: Broker, tmp_path: Path
) -> None:
    peer = Peer()
    async with (
        spool_for(tmp_path, "cloud") as spool,
        running(spool, tmp_path, [to_cloud(broker, **FAST)]),
    ):
        numbers = []
        for _ in range(3):
            # The persistent session makes the broker queue what the absent cloud shall get.
            kept = broker.cloud_link(clean_start=False, session_expiry_s=600)
            async with peer.listening(kept):
                numbers += await put(spool, 100)
            numbers += await put(spool, 100)
            await asyncio.sleep(0.2)
            await asyncio.to_thread(broker.kill, lose_persistence=True)
            numbers += await put(spool, 50)
            await asyncio.to_thread(broker.start)
        async with peer.listening(broker.cloud_link()):
            await peer.has(len(numbers))
            await settled(spool, "cloud")
    assert sorted(set(peer.taken)) == numbers


async def test_a_frozen_network_is_noticed_and_nothing_is_lost(
    broker: Broker, tmp_path: Path
) -> None:
    peer, proxy = Peer(), Proxy(broker.port)
    async with (
        proxy.passing(),
        spool_for(tmp_path, "cloud") as spool,
        peer.listening(broker.cloud_link()),
        running(spool, tmp_path, [to_cloud(broker, port=proxy.port, **FAST)]) as [relay],
    ):
        numbers = await put(spool, 50)
        await peer.has(50)
        proxy.freeze()
        numbers += await put(spool, 50)
        status = await status_when(relay, lambda s: s.last_failure is not None)
        assert status.last_failure.cause == "keep_alive"
        proxy.thaw()
        await peer.has(100)
        await settled(spool, "cloud")
    assert sorted(set(peer.taken)) == numbers


async def test_a_cloud_that_was_away_gets_everything_when_it_is_back(
    broker: Broker, tmp_path: Path
) -> None:
    peer = Peer()
    async with (
        spool_for(tmp_path, "cloud") as spool,
        running(spool, tmp_path, [to_cloud(broker, **FAST)]),
    ):
        numbers = await put(spool, 200)
        async with peer.listening(broker.cloud_link()):
            await peer.has(200)
        numbers += await put(spool, 200)
        await asyncio.sleep(1.5)
        async with peer.listening(broker.cloud_link()):
            await peer.has(400)
            await settled(spool, "cloud")
    assert sorted(set(peer.taken)) == numbers


async def test_a_useless_connection_is_dropped_and_made_anew(
    broker: Broker, tmp_path: Path
) -> None:
    peer = Peer(silent=True)
    destination = to_cloud(broker, progress_within_s=1.0)
    async with (
        spool_for(tmp_path, "cloud") as spool,
        peer.listening(broker.cloud_link()),
        running(spool, tmp_path, [destination]) as [relay],
    ):
        await put(spool, 3)
        status = await status_when(relay, lambda s: s.counters.sessions > 1)
        assert status.last_failure.cause == "stalled"


@pytest.mark.slow
async def test_a_reconnect_never_floods_a_broker_with_a_small_window(tmp_path: Path) -> None:
    broker, peer = Broker(tmp_path / "mosquitto", window=10), Peer()
    broker.start()
    try:
        async with spool_for(tmp_path, "cloud") as spool:
            numbers = await put(spool, 10_000)
            async with (
                peer.listening(broker.cloud_link()),
                running(spool, tmp_path, [to_cloud(broker, **FAST)]) as [relay],
            ):
                await peer.has(10_000)
                await settled(spool, "cloud")
                # mosquitto ends the connection of a client that exceeds its Receive Maximum.
                assert (await relay.status()).counters.sessions == 1
    finally:
        broker.kill()
    assert sorted(set(peer.taken)) == numbers


@pytest.mark.parametrize("window", [1, 2])
async def test_the_statistics_never_take_the_slot_of_a_record(tmp_path: Path, window: int) -> None:
    broker, peer = Broker(tmp_path / "mosquitto", window=window), Peer()
    broker.start()
    ledger = Stats(at_utc="2026-01-01T00:00:00Z", heard=1, end_states={"waiting": 1}, waiting=1)
    try:
        async with (
            spool_for(tmp_path, "cloud") as spool,
            peer.listening(broker.cloud_link()),
        ):
            await put(spool, 50)
            relays = running(spool, tmp_path, [to_cloud(broker, **FAST)], stats=lambda: ledger)
            async with relays as [relay]:
                await settled(spool, "cloud")
                assert (await relay.status()).counters.sessions == 1
    finally:
        broker.kill()
    assert peer.stats == ([msgspec.json.encode(ledger)] if window > 1 else [])


async def test_a_live_message_overtakes_the_backlog(broker: Broker, tmp_path: Path) -> None:
    peer = Peer()
    async with spool_for(tmp_path, "cloud") as spool:
        await put(spool, 500)
        async with (
            peer.listening(broker.cloud_link()),
            running(spool, tmp_path, [to_cloud(broker, drain_per_s=100.0)]),
        ):
            await peer.has(50)
            live = await spool.put(Kind.UPLINK, body)
            async with asyncio.timeout(10):
                while live not in peer.taken:
                    await peer.moved.wait()
                    peer.moved.clear()
            assert len(peer.taken) < 300


async def test_what_the_cloud_refuses_is_set_aside_and_shown(
    broker: Broker, tmp_path: Path
) -> None:
    peer = Peer()
    async with (
        spool_for(tmp_path, "cloud") as spool,
        peer.listening(broker.cloud_link()),
        running(spool, tmp_path, [to_cloud(broker)]) as [relay],
    ):
        peer.refuses = frozenset({2})
        await put(spool, 3)
        await settled(spool, "cloud")
        status = await relay.status()
    assert (status.counters.delivered, status.counters.refused) == (2, 1)
    assert status.last_refusal == "simulated"
    assert '"number": 2' in (tmp_path / "refused" / "cloud.jsonl").read_text()


async def test_the_state_of_the_station_is_retained_online_then_offline(
    broker: Broker, tmp_path: Path
) -> None:
    peer = Peer()
    async with peer.listening(broker.cloud_link()):
        async with (
            spool_for(tmp_path, "cloud") as spool,
            running(spool, tmp_path, [to_cloud(broker)]),
        ):
            await put(spool, 1)
            await peer.has(1)
        async with asyncio.timeout(10):
            while len(peer.states) < 2:
                await peer.moved.wait()
                peer.moved.clear()
    assert b'"online":true' in peer.states[0]
    assert b'"model":"NAP3"' in peer.states[0]
    assert b'"online":false' in peer.states[1]


async def test_a_dead_destination_never_delays_another(broker: Broker, tmp_path: Path) -> None:
    peer = Peer()
    dead = msgspec.structs.replace(to_cloud(broker, port=1), name="dead")
    async with (
        spool_for(tmp_path, "cloud", "dead") as spool,
        peer.listening(broker.cloud_link()),
        running(spool, tmp_path, [to_cloud(broker), dead]) as [alive, other],
    ):
        await put(spool, 20)
        await peer.has(20)
        await settled(spool, "cloud")
        assert (await alive.status()).waiting == 0
        status = await status_when(other, lambda s: s.last_failure is not None)
        assert (status.connected, status.waiting) == (False, 20)
        assert status.last_failure.cause == "unreachable"
        assert status.oldest_age_s is not None
