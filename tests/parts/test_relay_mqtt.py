"""The relay to any MQTT broker, and what each of its answers does (the broker is simulated)."""

from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec
import pytest

from nap.relay.config import MqttDestination, Pace
from nap.spool.ports import Kind
from nap.spool.spool import Spool
from tests.simulators.fake_broker import FakeBroker
from tests.simulators.relaying import put, running, settled, spool_for, status_when


def to_broker(broker: FakeBroker, **others: object) -> MqttDestination:
    return MqttDestination(
        host="127.0.0.1",
        port=broker.port,
        tls=False,
        pace=Pace(drain_per_s=1e6, in_flight=100),
        **others,  # type: ignore[arg-type]
    )


def from_device(epoch: str, number: int) -> bytes:
    content = {"epoch": epoch, "number": number, "device_id": "0123abcd"}
    return msgspec.json.encode(content)


async def put_from_device(spool: Spool) -> None:
    await spool.put(Kind.UPLINK, from_device)
    await spool.put(Kind.REPETITIONS, from_device)


@pytest.mark.parametrize("newest_version", [4, 5])
async def test_a_broker_acknowledgment_is_the_end(tmp_path: Path, newest_version: int) -> None:
    broker = FakeBroker(newest_version=newest_version)
    async with broker.listening(), spool_for(tmp_path, "mqtt") as spool:
        destination = to_broker(broker, topic="up/{device_id}/{event}/{nap_id}")
        await put_from_device(spool)
        async with running(spool, tmp_path, [destination]) as [relay]:
            await settled(spool, "mqtt")
            assert (await relay.status()).counters.delivered == 2
    topics = [topic for topic, _ in broker.published]
    assert topics == ["up/0123abcd/uplink/N1", "up/0123abcd/repetitions/N1"]
    assert msgspec.json.decode(broker.published[0][1])["number"] == 1


async def test_never_more_unacknowledged_than_the_broker_allows(tmp_path: Path) -> None:
    broker = FakeBroker(receive_maximum=10, answer_after_s=0.001)
    async with broker.listening(), spool_for(tmp_path, "mqtt") as spool:
        await put(spool, 2000)
        async with running(spool, tmp_path, [to_broker(broker)]):
            await put(spool, 500)
            await settled(spool, "mqtt")
    assert 8 <= broker.most_in_flight <= 10
    assert len(broker.published) == 2500


async def test_a_broker_that_lets_us_publish_nothing_is_tried_again_later(tmp_path: Path) -> None:
    topic = "nap/N1/event/uplink"
    broker = FakeBroker(reasons={topic: 0x87})
    async with broker.listening(), spool_for(tmp_path, "mqtt") as spool:
        await put(spool, 3)
        async with running(spool, tmp_path, [to_broker(broker)]) as [relay]:
            status = await status_when(relay, lambda s: s.counters.failures > 1)
            assert "Not authorized" in status.last_failure.text
            assert status.waiting == 3
            broker.reasons.clear()
            await settled(spool, "mqtt")


async def test_what_the_broker_may_take_later_is_postponed_and_not_lost(tmp_path: Path) -> None:
    broker = FakeBroker(reasons={"nap/N1/event/uplink": 0x97})
    async with broker.listening(), spool_for(tmp_path, "mqtt") as spool:
        await put(spool, 3)
        async with running(spool, tmp_path, [to_broker(broker)]) as [relay]:
            status = await status_when(relay, lambda s: s.counters.postponed == 3)
    assert (status.connected, status.waiting, status.in_flight) == (True, 3, 0)


async def test_what_the_broker_will_never_take_is_set_aside(tmp_path: Path) -> None:
    broker = FakeBroker(reasons={"nap/N1/event/uplink": 0x99})
    async with broker.listening(), spool_for(tmp_path, "mqtt") as spool:
        await put_from_device(spool)
        async with running(spool, tmp_path, [to_broker(broker)]) as [relay]:
            await settled(spool, "mqtt")
            status = await relay.status()
    assert (status.counters.delivered, status.counters.refused) == (1, 1)
    assert "Payload format invalid" in status.last_refusal
    assert (tmp_path / "refused" / "mqtt.jsonl").read_bytes().count(b"\n") == 1


async def test_a_record_beyond_the_brokers_packet_size_does_not_end_the_session(
    tmp_path: Path,
) -> None:
    broker = FakeBroker(largest_packet=200)
    async with broker.listening(), spool_for(tmp_path, "mqtt") as spool:
        await spool.put(Kind.UPLINK, lambda e, n: msgspec.json.encode([e, n, "x" * 300]))
        await put(spool, 1)
        async with running(spool, tmp_path, [to_broker(broker)]) as [relay]:
            await settled(spool, "mqtt")
            status = await relay.status()
    assert (status.counters.delivered, status.counters.refused) == (1, 1)
    assert "more than the broker takes" in status.last_refusal
    assert broker.connections == 1


async def test_user_and_password_are_presented(tmp_path: Path) -> None:
    password = tmp_path / "password"
    password.write_text("pässword\n")
    seen: list[bytes] = []

    async def look(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(await reader.read(1000))
        writer.close()

    listener = await asyncio.start_server(look, "127.0.0.1", 0)
    broker = FakeBroker(port=listener.sockets[0].getsockname()[1])
    async with spool_for(tmp_path, "mqtt") as spool:
        destination = to_broker(broker, user="me", password_path=password)
        async with running(spool, tmp_path, [destination]) as [relay]:
            await status_when(relay, lambda s: s.last_failure is not None)
    listener.close()
    assert b"\x00\x02me\x00\x09" + "pässword".encode() in seen[0]
