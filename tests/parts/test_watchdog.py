"""What systemd is told, over a socket like its own."""

from __future__ import annotations

import asyncio
import signal
import socket
from collections.abc import Iterator
from pathlib import Path
from time import monotonic

import pytest

from nap.runtime.notify import Watchdog
from nap.runtime.pulse import Pulse
from tests.parts.gateway import configuration, gateway

pytest.importorskip("systemd.daemon", reason="systemd-python is not installed")


@pytest.fixture
def systemd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    path = tmp_path / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(path))
        listening.setblocking(False)  # noqa: FBT003
        monkeypatch.setenv("NOTIFY_SOCKET", str(path))
        monkeypatch.setenv("WATCHDOG_USEC", "20000")
        yield listening


def said(systemd: socket.socket) -> str:
    parts = []
    while True:
        try:
            parts.append(systemd.recv(4096).decode())
        except BlockingIOError:
            return "\n".join(parts)


async def told_by(pulse: Pulse, systemd: socket.socket) -> str:
    async with asyncio.TaskGroup() as group:
        watchdog = group.create_task(Watchdog(pulse, lambda: "all is well").run(lambda: None))
        await asyncio.sleep(0.05)
        watchdog.cancel()
    return said(systemd)


async def test_the_watchdog_is_fed_while_every_service_makes_progress(
    systemd: socket.socket,
) -> None:
    pulse = Pulse()
    pulse.join("radio", 60.0, monotonic())
    told = await told_by(pulse, systemd)
    assert "READY=1" in told
    assert told.count("WATCHDOG=1") > 1
    assert "STATUS=all is well" in told


async def test_one_hung_service_starves_the_watchdog_and_is_named(systemd: socket.socket) -> None:
    pulse = Pulse()
    pulse.join("radio", 60.0, monotonic())
    pulse.join("spool", 60.0, monotonic() - 61.0)
    told = await told_by(pulse, systemd)
    assert "WATCHDOG=1" not in told
    assert "STATUS=no progress: spool" in told


async def test_a_gateway_says_when_it_is_ready_and_when_it_stops(
    systemd: socket.socket, tmp_path: Path
) -> None:
    heard = ""
    async with gateway(configuration(tmp_path), "open") as running, asyncio.timeout(20):
        while "receiving, 0 frames heard" not in heard:
            await asyncio.sleep(0.02)
            heard += said(systemd)
        running.process.send_signal(signal.SIGTERM)
        assert await running.process.wait() == 0
    assert heard.startswith("READY=1")
    assert "WATCHDOG=1" in heard
    assert "STOPPING=1" in heard + said(systemd)
