"""What the spool has acknowledged is in the cloud exactly once, whoever is killed on the way.

A kill leaves the kernel's memory whole: power cuts are not shown here.
"""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path

import numpy as np
import pytest

from tests.field.whole import Key, configuration, copies, stored
from tests.parts.gateway import gateway
from tests.parts.mosquitto import Broker
from tests.parts.test_gateway import eventually
from tests.servers.nap_cloud import NapCloud

GATEWAY_KILLS = 100
ROUNDS = 12


async def drain(config: Path) -> set[Key]:
    """Let a gateway without radio traffic deliver what is left; it must add up, and stop clean."""
    async with gateway(config, "open", "stats", "0") as last:
        status = await eventually(
            last, lambda s: s.destinations[0].connected and not s.destinations[0].waiting
        )
        assert status.balance.adds_up, status.balance
        last.process.send_signal(signal.SIGTERM)
        assert await last.process.wait() == 0
    return stored(last)


@pytest.mark.slow
@pytest.mark.timeout(600)
async def test_a_hundred_kills_of_the_gateway_lose_and_double_nothing(
    tmp_path: Path, broker: Broker, cloud: NapCloud
) -> None:
    chance = np.random.default_rng(11)
    config = configuration(tmp_path, broker)
    promised: set[Key] = set()
    killed = 0
    while killed < GATEWAY_KILLS:
        async with gateway(config, "open", "flood", "300") as running:
            await eventually(running, lambda s: s.spool.head > 0)
            await asyncio.sleep(float(chance.uniform(0, 0.4)))
            running.process.send_signal(signal.SIGKILL)
            killed += 1
        promised |= stored(running)
    promised |= await drain(config)
    there = await asyncio.to_thread(copies, cloud)
    assert len(promised) > GATEWAY_KILLS
    assert promised - set(there) == set()
    assert {key: n for key, n in there.items() if n > 1} == {}


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_kills_of_broker_cloud_and_gateway_in_turn_lose_and_double_nothing(
    tmp_path: Path, broker: Broker, cloud: NapCloud
) -> None:
    chance = np.random.default_rng(12)
    config = configuration(tmp_path, broker)
    promised: set[Key] = set()
    for _ in range(ROUNDS):
        async with gateway(config, "open", "flood", "300") as running:
            await eventually(running, lambda s: s.spool.head > 0)
            victim = chance.choice(["broker", "forgetful broker", "cloud"])
            if victim == "cloud":
                await asyncio.to_thread(cloud.kill)
            else:
                await asyncio.to_thread(broker.kill, lose_persistence=victim != "broker")
            await asyncio.sleep(float(chance.uniform(0.1, 0.5)))
            if victim == "cloud":
                await asyncio.to_thread(cloud.start, wait=False)
            else:
                await asyncio.to_thread(broker.start)
            await asyncio.sleep(float(chance.uniform(0, 1.0)))
            running.process.send_signal(signal.SIGKILL)
        promised |= stored(running)
    await asyncio.to_thread(cloud.wait_until_well)
    promised |= await drain(config)
    there = await asyncio.to_thread(copies, cloud)
    assert promised - set(there) == set()
    assert {key: n for key, n in there.items() if n > 1} == {}
