"""The link against brokers that are old, hostile, mute or slow (simulated)."""

from __future__ import annotations

import asyncio
import dataclasses
import tracemalloc

import numpy as np
import pytest

from nap.wire.errors import Cause, LinkError
from nap.wire.mqtt import MqttLink, connect
from nap.wire.mqtt_types import MqttSettings
from nap.wire.tls_verdicts import TlsFiles
from tests.simulators.fake_broker import FakeBroker
from tests.simulators.proxy import Proxy


def plain(port: int, **others: object) -> MqttSettings:
    return MqttSettings(host="127.0.0.1", port=port, client_id="N1", files=None, **others)  # type: ignore[arg-type]


async def ended(link: MqttLink) -> LinkError:
    async with asyncio.timeout(10):
        while link.ended is None:
            await link.changed.wait()
            link.changed.clear()
    return link.ended


@pytest.mark.parametrize("hangs_up", [False, True])
async def test_an_old_broker_is_spoken_to_in_its_own_version(*, hangs_up: bool) -> None:
    broker = FakeBroker(newest_version=4, hangs_up=hangs_up)
    async with broker.listening(), connect(plain(broker.port)) as link:
        assert link.version == "3.1.1"
        await link.subscribe("nap/N1/command/+")
        link.publish("nap/N1/event/uplink", b"x")
        async with asyncio.timeout(10):
            await link.wait()
        assert [answer.refused for answer in link.take_acknowledged()] == [False]
    assert broker.published == [("nap/N1/event/uplink", b"x")]


def garbage(seed: int) -> bytes:
    return np.random.default_rng(seed).bytes(100_000)


@pytest.mark.parametrize("seed", range(8))
async def test_garbage_instead_of_an_answer_ends_in_a_clear_error(seed: int) -> None:
    broker = FakeBroker(instead_of_connack=garbage(seed))
    async with broker.listening():
        with pytest.raises(LinkError):
            async with connect(plain(broker.port, timeout_s=0.5)):
                pass


@pytest.mark.parametrize("seed", range(8))
async def test_garbage_in_a_session_ends_it_with_bounded_memory(seed: int) -> None:
    # A PUBLISH header of 256 MB and 100 kB of noise, or noise alone.
    start = b"\x32\xff\xff\xff\x7f" if seed % 2 else b""
    broker = FakeBroker(after_connack=start + garbage(seed))
    tracemalloc.start()
    try:
        async with broker.listening(), connect(plain(broker.port, keep_alive_s=1)) as link:
            error = await ended(link)
        assert tracemalloc.get_traced_memory()[1] < 10_000_000
    finally:
        tracemalloc.stop()
    assert error.cause in {Cause.PROTOCOL, Cause.CLOSED, Cause.KEEP_ALIVE}


@pytest.mark.parametrize(
    ("packet", "words"),
    [
        (b"\x32\x80\x80\x08", "a packet of 131072 bytes"),
        (b"\x34\x07\x00\x01t\x00\x01\x00x", "what MQTT does not allow"),
        (b"\x32\x07\x00\x01\xff\x00\x01\x00x", "not UTF-8"),
        (b"\x20\x03\x00\x00\x00", "twice"),
        (b"\x32\x07\x00\x01t\x00\x01\x00x" * 4, "more than 3 at once"),
        (b"\x30\x05\x00\x01t\x00x" * 4, "more than 3 at once"),
        (b"\xe0\x02\x8e\x00", "Session taken over"),
        (b"\xf0\x00", "what MQTT does not allow"),
    ],
)
async def test_what_mqtt_forbids_ends_the_session(packet: bytes, words: str) -> None:
    broker = FakeBroker(after_connack=packet)
    async with broker.listening():
        settings = plain(broker.port, receive_maximum=3, largest_packet_bytes=100_000)
        async with connect(settings) as link:
            error = await ended(link)
    assert words in str(error)


async def test_a_mute_broker_is_given_up_after_the_time_for_it() -> None:
    broker = FakeBroker(instead_of_connack=b"")
    async with broker.listening():
        with pytest.raises(LinkError) as caught:
            async with connect(plain(broker.port, timeout_s=0.2)):
                pass
    assert caught.value.cause is Cause.TIMEOUT


async def test_a_broker_that_falls_silent_is_noticed_by_the_keep_alive() -> None:
    broker = FakeBroker()
    async with broker.listening():
        proxy = Proxy(broker.port)
        async with proxy.passing(), connect(plain(proxy.port, keep_alive_s=1)) as link:
            proxy.freeze()
            error = await ended(link)
    assert error.cause is Cause.KEEP_ALIVE


async def test_a_refused_connection_tells_the_brokers_reason() -> None:
    broker = FakeBroker(instead_of_connack=b"\x20\x03\x00\x87\x00")
    async with broker.listening():
        with pytest.raises(LinkError) as caught:
            async with connect(plain(broker.port)):
                pass
    assert caught.value.cause is Cause.REFUSED
    assert "Not authorized" in str(caught.value)


async def test_tls_against_a_plain_broker_says_that_it_may_be_plain() -> None:
    broker = FakeBroker()
    async with broker.listening():
        settings = dataclasses.replace(plain(broker.port, timeout_s=1.0), files=TlsFiles())
        with pytest.raises(LinkError) as caught:
            async with connect(settings):
                pass
    assert caught.value.cause in {Cause.TLS, Cause.TIMEOUT, Cause.CLOSED}
