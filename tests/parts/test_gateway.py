"""The whole gateway process: kills under load, a clean stop, a second copy, parts that fail."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from aiohttp import ClientError

from nap.status import Status
from tests.parts.gateway import Gateway, Sink, configuration, gateway

# Frames a second at each kill. Between bursts of the usual ones nothing may be in memory; the fast
# ones never pause.
RATES = [2000] * 10 + [20_000] * 5


async def eventually(running: Gateway, wanted: Callable[[Status], bool]) -> Status:
    """The first status that is as wanted."""
    last: Status | None = None
    try:
        async with asyncio.timeout(30):
            while last is None or not wanted(last):
                await asyncio.sleep(0.05)
                # Until it listens there is no socket, or one that a killed gateway has left.
                with suppress(ClientError):
                    last = await running.status()
    except TimeoutError:
        pytest.fail(f"last: {last}; log: {running.log[-20:]}")
    return last


@pytest.mark.slow
async def test_kills_under_load_lose_nothing_stored_and_the_ledger_adds_up(tmp_path: Path) -> None:
    chance = np.random.default_rng(7)
    stored: list[int] = []
    async with Sink().serving() as sink:
        config = configuration(tmp_path, sink.url)
        for rate in RATES:
            async with gateway(config, "open", "flood", str(rate)) as running:
                await eventually(running, lambda status: status.spool.head > 0)
                await asyncio.sleep(float(chance.uniform(0, 1000 / rate)))
                running.process.send_signal(signal.SIGKILL)
            stored += running.stored
        async with gateway(config, "open", "frame", "1") as running:
            status = await eventually(running, lambda s: not s.destinations[0].waiting)
            running.process.send_signal(signal.SIGTERM)
            assert await running.process.wait() == 0
    assert len(stored) > len(RATES)
    received = {number for _, number in sink.bodies}
    assert set(stored) <= received
    assert all(len(set(copies)) == 1 for copies in sink.bodies.values())
    assert status.balance.adds_up
    states = status.balance.destinations["http"].end_states
    assert states["delivered"] >= len(stored)
    assert states["lost_before_spool"] > 0  # there were frames in memory when it was killed


async def test_a_replica_that_comes_after_a_kill_makes_no_second_message(tmp_path: Path) -> None:
    async with Sink().serving() as sink:
        config = configuration(tmp_path, sink.url)
        async with gateway(config, "open", "frames", "1", "3") as running:
            await eventually(running, lambda s: s.destinations[0].counters.delivered == 3)
            running.process.send_signal(signal.SIGKILL)
        script = ("open", "replica", "2", "2", "1", "replica", "9", "1", "2")
        async with gateway(config, *script) as running:
            # What was delivered and not yet settled at the kill is delivered again.
            status = await eventually(
                running,
                lambda s: (
                    s.balance.heard == 5 and not s.balance.in_hand and not s.destinations[0].waiting
                ),
            )
    states = status.balance.destinations["http"].end_states
    assert (states["delivered"], states["duplicate"], states["lost_before_spool"]) == (4, 1, 0)
    assert status.balance.adds_up
    assert len(sink.bodies) == 4


async def test_a_clean_stop_delivers_the_rest_and_leaves_nothing_running(tmp_path: Path) -> None:
    async with Sink().serving() as sink:
        config = configuration(tmp_path, sink.url)
        async with gateway(config, "open", "frames", "1", "40") as running:
            await eventually(running, lambda s: s.balance.heard == 40)
            group = await asyncio.to_thread(_children, running.process.pid)
            running.process.send_signal(signal.SIGTERM)
            assert await running.process.wait() == 0
        assert len(sink.bodies) == 40
    assert len(group) == 1
    assert not any(os.path.exists(f"/proc/{child}") for child in group)  # noqa: ASYNC240, PTH110
    assert not running.socket.exists()


async def test_a_worker_that_dies_is_started_again_and_its_frames_still_add_up(
    tmp_path: Path,
) -> None:
    config = configuration(tmp_path)
    script = ("open", "frames", "3", "5", "stats", "7", "die", "3")
    async with gateway(config, *script) as running:
        status = await eventually(
            # Between two lives: in one, 2 frames are missed before its first and 2 after its last.
            running,
            lambda s: s.radio.restarts >= 2 and s.balance.heard >= 14 and not s.balance.heard % 7,
        )
    states = status.balance.destinations["http"].end_states
    lives = status.balance.heard // 7
    assert status.balance.adds_up
    assert states["lost_before_spool"] == 4 * lives


async def test_a_second_gateway_on_the_same_state_refuses_to_start(tmp_path: Path) -> None:
    config = configuration(tmp_path)
    async with gateway(config, "open") as first:
        await eventually(first, lambda s: s.radio.state == "receiving")
        async with gateway(config, "open") as second:
            assert await second.process.wait() == 1
        assert b"SpoolInUseError" in b"".join(second.log)
        assert (await first.status()).radio.state == "receiving"


async def test_an_unusable_spool_stops_neither_start_nor_delivery(tmp_path: Path) -> None:
    async with Sink().serving() as sink:
        config = configuration(tmp_path, sink.url)
        (tmp_path / "state").mkdir()
        (tmp_path / "state" / "spool.db").write_bytes(b"garbage" * 1000)
        async with gateway(config, "open", "frames", "1", "5") as running:
            status = await eventually(running, lambda s: s.destinations[0].counters.delivered == 5)
    assert len(status.spool.set_aside) == 1
    assert any("damaged spool files" in alarm for alarm in status.alarms)
    assert status.spool.durable


def _children(pid: int | None) -> list[str]:
    return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
