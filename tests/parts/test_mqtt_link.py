"""The link between box and cloud, against a real broker over TLS with client certificates."""

from __future__ import annotations

import asyncio
import dataclasses
import signal
import subprocess
import sys
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from cloud.pki import Authority
from nap.wire.errors import Cause, LinkError, WindowFullError
from nap.wire.mqtt import MqttLink, connect
from nap.wire.mqtt_types import Incoming, MqttSettings, Puback, Will
from nap.wire.tls_verdicts import TlsFiles
from tests.parts.mosquitto import Broker, free_port

LONG_AGO = datetime(2020, 5, 17, tzinfo=UTC)


async def messages(link: MqttLink, count: int) -> list[Incoming]:
    taken: list[Incoming] = []
    async with asyncio.timeout(10):
        while len(taken) < count:
            await link.wait()
            taken += link.take_messages()
    return taken


async def pubacks(link: MqttLink, count: int) -> list[Puback]:
    taken: list[Puback] = []
    async with asyncio.timeout(10):
        while len(taken) < count:
            await link.wait()
            taken += link.take_acknowledged()
    return taken


async def failure(settings: MqttSettings) -> LinkError:
    with pytest.raises(LinkError) as caught:
        async with connect(settings):
            pass
    return caught.value


async def test_a_message_goes_up_and_its_acknowledgment_comes_down(broker: Broker) -> None:
    async with (
        connect(broker.station_link("N1")) as station,
        connect(broker.cloud_link()) as cloud,
    ):
        await station.subscribe("nap/N1/command/+")
        await cloud.subscribe("$share/ingest/nap/+/event/+")
        packet_id = station.publish("nap/N1/event/uplink", b"up")
        [up] = await messages(cloud, 1)
        cloud.acknowledge(up)
        cloud.publish("nap/N1/command/ack", b"down")
        [down] = await messages(station, 1)
        assert (up.topic, up.payload) == ("nap/N1/event/uplink", b"up")
        assert (down.topic, down.payload) == ("nap/N1/command/ack", b"down")
        assert [(p.packet_id, p.refused) for p in station.take_acknowledged()] == [
            (packet_id, False)
        ]
        assert (station.version, station.in_flight) == ("5", 0)


async def test_nobody_listening_is_told_apart_from_taken(broker: Broker) -> None:
    async with connect(broker.station_link("N1")) as station:
        station.publish("nap/N1/event/uplink", b"up")
        [answer] = await pubacks(station, 1)
        assert answer.text == "No matching subscribers"
        assert not answer.refused


async def test_a_station_reaches_no_topic_of_another(broker: Broker) -> None:
    async with (
        connect(broker.station_link("N1")) as station,
        connect(broker.cloud_link()) as cloud,
    ):
        await station.subscribe("nap/N2/command/+", "nap/N1/command/+", "nap/+/event/+")
        for topic in ("nap/N2/event/uplink", "nap/N1/command/ack", "other"):
            station.publish(topic, b"x")
        answers = await pubacks(station, 3)
        assert [answer.text for answer in answers] == ["Not authorized"] * 3
        cloud.publish("nap/N2/command/ack", b"secret")
        cloud.publish("nap/N2/event/uplink", b"secret")
        cloud.publish("nap/N1/command/ack", b"ours")
        assert [m.payload for m in await messages(station, 1)] == [b"ours"]


async def test_a_station_cannot_take_the_session_of_another(broker: Broker) -> None:
    thief = broker.station_link("N2", client_id="N1")
    async with connect(broker.station_link("N1")) as station, connect(thief):
        station.publish("nap/N1/event/uplink", b"still here")
        await pubacks(station, 1)


async def test_workers_of_the_cloud_share_one_certificate(broker: Broker) -> None:
    async with (
        connect(broker.cloud_link("first")) as first,
        connect(broker.cloud_link("second")) as second,
        connect(broker.station_link("N1")) as station,
    ):
        for worker in (first, second):
            await worker.subscribe("$share/ingest/nap/+/event/+")
        for _ in range(4):
            station.publish("nap/N1/event/uplink", b"x")
        assert len(await messages(first, 2)) + len(await messages(second, 2)) == 4


async def test_an_unknown_server_is_not_trusted(broker: Broker, tmp_path: Path) -> None:
    Authority.create("Other", datetime.now(UTC)).write(tmp_path / "other")
    files = dataclasses.replace(
        TlsFiles.in_folder(broker.station("N1")), authority_path=tmp_path / "other" / "ca.crt"
    )
    error = await failure(broker.station_link("N1", files=files))
    assert error.cause is Cause.CERTIFICATE_UNKNOWN_AUTHORITY
    assert f"localhost:{broker.port}" in str(error)


async def test_a_station_of_another_authority_is_refused(broker: Broker, tmp_path: Path) -> None:
    other = Authority.create("Other", datetime.now(UTC))
    other.issue_station("N1", datetime.now(UTC)).write(tmp_path / "N1", "client")
    files = dataclasses.replace(
        TlsFiles.in_folder(tmp_path / "N1"), authority_path=broker.station("N1") / "ca.crt"
    )
    error = await failure(broker.station_link("N1", files=files))
    assert error.cause is Cause.CERTIFICATE_UNKNOWN_AUTHORITY
    assert str(tmp_path / "N1" / "client.crt") in str(error)


async def test_an_expired_station_is_told_so_with_the_date(broker: Broker, tmp_path: Path) -> None:
    broker.authority.issue_station("N1", LONG_AGO).write(tmp_path / "N1", "client")
    files = TlsFiles.in_folder(tmp_path / "N1")
    error = await failure(broker.station_link("N1", files=files))
    assert error.cause is Cause.CERTIFICATE_EXPIRED
    assert "until 2022-05-17" in str(error)


@pytest.mark.parametrize(
    ("certified_utc", "cause", "words"),
    [
        (LONG_AGO, Cause.CERTIFICATE_EXPIRED, "until 2021-06-18"),
        (
            datetime.now(UTC) + timedelta(days=3),
            Cause.CERTIFICATE_NOT_YET_VALID,
            f"our clock says {datetime.now(UTC):%Y-%m}",
        ),
    ],
)
async def test_a_server_certificate_out_of_its_time_is_told_with_the_date(
    tmp_path: Path, certified_utc: datetime, cause: Cause, words: str
) -> None:
    broker = Broker(tmp_path, certified_utc=certified_utc)
    broker.start()
    try:
        error = await failure(broker.station_link("N1"))
    finally:
        broker.kill()
    assert error.cause is cause
    assert words in str(error)


async def test_a_server_of_another_name_is_not_trusted(tmp_path: Path) -> None:
    broker = Broker(tmp_path, hosts=["elsewhere.example"])
    broker.start()
    try:
        error = await failure(broker.station_link("N1"))
    finally:
        broker.kill()
    assert error.cause is Cause.CERTIFICATE_WRONG_NAME


async def test_without_a_certificate_nobody_gets_in(broker: Broker) -> None:
    files = TlsFiles(authority_path=broker.station("N1") / "ca.crt")
    error = await failure(broker.station_link("N1", files=files))
    assert error.cause is Cause.CERTIFICATE_REFUSED


@pytest.mark.parametrize("name", ["ca.crt", "client.crt", "client.key"])
@pytest.mark.parametrize("content", [None, b"", b"\x00 damaged"])
async def test_unusable_files_of_our_own_are_named(
    broker: Broker, name: str, content: bytes | None
) -> None:
    path = broker.station("N1") / name
    if content is None:
        path.unlink()
    else:
        path.write_bytes(content)
    error = await failure(broker.station_link("N1"))
    assert error.cause is Cause.CERTIFICATE_FILES
    assert name in str(error)


@pytest.mark.parametrize(
    ("others", "cause"),
    [
        ({"host": "nothing.invalid"}, Cause.NAME_UNKNOWN),
        ({"host": "x" * 70 + ".invalid"}, Cause.NAME_UNKNOWN),
        ({"port": free_port()}, Cause.UNREACHABLE),
        ({"files": None}, Cause.CLOSED),
    ],
)
async def test_each_failure_to_reach_the_broker_has_its_cause(
    broker: Broker, others: dict[str, Any], cause: Cause
) -> None:
    error = await failure(broker.station_link("N1", **others))
    assert error.cause is cause


async def test_the_broker_allows_as_many_in_flight_as_it_says(tmp_path: Path) -> None:
    broker = Broker(tmp_path, window=10)
    broker.start()
    try:
        async with connect(broker.station_link("N1")) as station:
            assert station.server_receive_maximum == 10
            for _ in range(10):
                station.publish("nap/N1/event/uplink", b"x")
            with pytest.raises(WindowFullError):
                station.publish("nap/N1/event/uplink", b"x")
            await pubacks(station, 10)
            station.publish("nap/N1/event/uplink", b"x")
            await pubacks(station, 1)
    finally:
        broker.kill()


async def test_what_is_not_acknowledged_holds_back_the_rest(broker: Broker) -> None:
    async with (
        connect(broker.station_link("N1")) as station,
        connect(broker.cloud_link(receive_maximum=5)) as cloud,
    ):
        await cloud.subscribe("nap/+/event/+")
        for number in range(12):
            station.publish("nap/N1/event/uplink", b"%d" % number)
        await pubacks(station, 12)
        taken = await messages(cloud, 5)
        # An answer to a later request shows that the broker had time to send more, and did not.
        await cloud.subscribe("nap/+/state/+")
        assert cloud.take_messages() == []
        while len(taken) < 12:
            cloud.acknowledge(taken[-1])
            taken += await messages(cloud, 1)
        assert [m.payload for m in taken] == [b"%d" % number for number in range(12)]


async def test_what_was_not_acknowledged_comes_again(broker: Broker) -> None:
    settings = broker.cloud_link(clean_start=False, session_expiry_s=60)
    async with connect(broker.station_link("N1")) as station:
        async with connect(settings) as cloud:
            await cloud.subscribe("nap/+/event/+")
            station.publish("nap/N1/event/uplink", b"kept")
            await messages(cloud, 1)
        async with connect(settings) as cloud:
            assert cloud.session_present
            assert [m.payload for m in await messages(cloud, 1)] == [b"kept"]


VICTIM = """
import asyncio, os, signal, sys
from pathlib import Path
from nap.wire.mqtt import connect
from nap.wire.mqtt_types import MqttSettings, Will
from nap.wire.tls_verdicts import TlsFiles

async def main():
    settings = MqttSettings(
        host="localhost", port=int(sys.argv[1]), client_id="N1",
        files=TlsFiles.in_folder(Path(sys.argv[2])), will=Will("nap/N1/state/conn", b"gone"),
    )
    async with connect(settings):
        os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(main())
"""


async def test_the_will_of_a_killed_station_is_published_and_retained(broker: Broker) -> None:
    words = [sys.executable, "-c", VICTIM, str(broker.port), str(broker.station("N1"))]
    victim = await asyncio.to_thread(subprocess.run, words, check=False)
    assert victim.returncode == -signal.SIGKILL
    async with connect(broker.cloud_link()) as cloud:
        await cloud.subscribe("nap/+/state/conn")
        [will] = await messages(cloud, 1)
        assert (will.topic, will.payload) == ("nap/N1/state/conn", b"gone")


async def test_an_orderly_end_publishes_the_will_too(broker: Broker) -> None:
    will = Will("nap/N1/state/conn", b"gone")
    async with connect(broker.cloud_link()) as cloud:
        await cloud.subscribe("nap/+/state/conn")
        async with connect(broker.station_link("N1", will=will)):
            pass
        assert [m.payload for m in await messages(cloud, 1)] == [b"gone"]


async def test_a_killed_broker_ends_the_link(broker: Broker) -> None:
    async with AsyncExitStack() as stack:
        station = await stack.enter_async_context(connect(broker.station_link("N1")))
        await asyncio.to_thread(broker.kill)
        with pytest.raises(LinkError) as caught:
            await pubacks(station, 1)
        assert caught.value.cause is Cause.CLOSED
        with pytest.raises(LinkError):
            station.publish("nap/N1/event/uplink", b"x")


async def test_a_cancelled_connect_leaves_nothing_open(broker: Broker) -> None:
    # An open socket that nobody closed would be a ResourceWarning, and that fails the test.
    for after_s in (0.0, 0.001, 0.005, 0.01):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(after_s), connect(broker.station_link("N1")):
                await asyncio.sleep(1)
