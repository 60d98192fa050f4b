"""Host names: a resolver that hangs (simulated) holds up nobody else."""

from __future__ import annotations

import asyncio
import socket
import threading

import pytest

from nap.wire.errors import Cause, LinkError
from nap.wire.names import addresses


async def test_a_name_and_an_address_are_found() -> None:
    for host in ("localhost", "127.0.0.1"):
        found = await addresses(host, 8883)
        assert ("127.0.0.1", 8883) in [address for *_, address in found]


@pytest.mark.parametrize("host", ["nothing.invalid", "x" * 70 + ".invalid", "a..b", "\udcff"])
async def test_what_is_no_host_is_told_by_name(host: str) -> None:
    with pytest.raises(LinkError) as caught:
        await addresses(host, 8883)
    assert caught.value.cause is Cause.NAME_UNKNOWN


async def test_many_hanging_look_ups_stop_neither_others_nor_the_threads_of_the_loop(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    released, real = threading.Event(), socket.getaddrinfo

    def hanging(host: str, *others: object, **named: object) -> object:
        if host == "hangs":
            released.wait(20)
        return real(host, *others, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(socket, "getaddrinfo", hanging)
    try:
        for _ in range(40):
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.001):
                    await addresses("hangs", 1)
        async with asyncio.timeout(5):
            assert await addresses("localhost", 1)
            assert await asyncio.to_thread(lambda: "free") == "free"
    finally:
        released.set()
