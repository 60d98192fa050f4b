"""nap-cloud on a real broker over TLS and both databases."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import msgspec

from nap.wire import topics
from nap.wire.messages import Connection, Stats
from tests.parts.mosquitto import Broker
from tests.servers.nap_cloud import NapCloud
from tests.servers.station import Station, uplink


def payloads(numbers: range) -> list[str]:
    return sorted(number.to_bytes(4, "big").hex() for number in numbers)


def eventually(fact: Callable[[], bool], within_s: float = 15.0) -> None:
    deadline = time.monotonic() + within_s
    while not fact():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.05)


def test_what_a_station_sends_is_stored_once_and_acknowledged(
    broker: Broker, cloud: NapCloud
) -> None:
    station = Station(broker, "NAP-1")
    for number in range(1, 301):
        station.put_uplink(number)
    asyncio.run(station.deliver())
    for number in range(200, 401):
        station.put_uplink(number)
    asyncio.run(station.deliver())
    assert station.acknowledged == set(range(1, 401))
    stored = cloud.messages()
    assert sorted(message["payload"] for message in stored) == payloads(range(1, 401))
    assert {one["station"] for message in stored for one in message["receptions"]} == {"NAP-1"}


def test_hostile_messages_are_refused_and_the_others_get_in(
    broker: Broker, cloud: NapCloud
) -> None:
    station = Station(broker, "NAP-1")
    good = msgspec.json.encode(station.uplink(2))
    station.put("uplink", good.replace(b'"bytes"', b'"bites"'), 2)
    station.put(
        "uplink", msgspec.json.encode(station.uplink(3))[:-1] + b',"pad":"%s"}' % (b"x" * 99_999), 3
    )
    station.put_uplink(1)
    for body in (b"", b"\xff\xfe", b"[" * 9000, b'{"epoch":', good[:100], b"null"):
        asyncio.run(station.say(topics.event("NAP-1", "uplink"), body))
    asyncio.run(station.deliver())
    assert station.acknowledged == {1}
    assert "message_type" in station.refused[2]
    assert "longer than" in station.refused[3]
    eventually(lambda: cloud.metric("refused_total") == 8)
    assert [message["payload"] for message in cloud.messages()] == payloads(range(1, 2))


def test_a_station_shows_when_it_comes_and_goes(broker: Broker, cloud: NapCloud) -> None:
    station = Station(broker, "NAP-9")
    online = Connection(online=True, model="NAP7", version="1.0", simulated=True)
    stats = Stats(at_utc="2026-01-01T00:00:00Z", heard=3, end_states={"delivered": 3}, waiting=0)
    asyncio.run(station.announce(online))
    asyncio.run(station.say(topics.event("NAP-9", "stats"), msgspec.json.encode(stats)))
    eventually(
        lambda: [s["stats"] is not None for s in cloud.get("/api/stations")["stations"]] == [True]
    )
    (shown,) = cloud.get("/api/stations")["stations"]
    assert (shown["online"], shown["model"], shown["simulated"]) == (True, "NAP7", True)
    asyncio.run(station.announce(Connection(online=False)))
    eventually(lambda: not cloud.get("/api/stations")["stations"][0]["online"])


def test_a_station_that_was_online_before_the_cloud_is_known(
    tmp_path: Path, broker: Broker, database_url: str
) -> None:
    asyncio.run(Station(broker, "NAP-5").announce(Connection(online=True)))
    program = NapCloud(tmp_path, broker, database_url)
    program.start()
    try:
        eventually(lambda: bool(program.get("/api/stations")["stations"]))
        assert program.get("/api/stations")["stations"][0]["online"] is True
    finally:
        program.kill()


def test_it_ends_clean_when_asked_and_tells_of_a_taken_port(
    tmp_path: Path, broker: Broker, cloud: NapCloud
) -> None:
    other = NapCloud(tmp_path, broker, f"sqlite:///{tmp_path}/other.db", client_id="other")
    other.config_path.write_text(
        other.config_path.read_text().replace(str(other.port), str(cloud.port))
    )
    other.start(wait=False)
    assert other.wait() == 1
    assert f"http://127.0.0.1:{cloud.port}/: Address already in use" in other.log()
    with httpx.stream("GET", f"{cloud.base_url}/api/live") as stream:
        assert stream.status_code == 200
        assert cloud.stop() == 0
    assert "Traceback" not in cloud.log()


def test_nothing_is_lost_while_the_broker_is_away(broker: Broker, cloud: NapCloud) -> None:
    station = Station(broker, "NAP-1")
    station.put_uplink(1)
    asyncio.run(station.deliver())
    broker.kill(lose_persistence=True)
    eventually(lambda: cloud.health() == 503)
    broker.start()
    station.put_uplink(2)
    asyncio.run(station.deliver())
    assert [message["payload"] for message in cloud.messages()] == payloads(range(1, 3))[::-1]
    assert uplink(2).payload == payloads(range(2, 3))[0]
