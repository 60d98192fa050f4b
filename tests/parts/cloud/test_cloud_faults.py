"""What breaks under load: the program, its database, one of two workers. Nothing is lost."""

from __future__ import annotations

import asyncio
import resource
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from tests.parts.mosquitto import Broker
from tests.servers.nap_cloud import NapCloud
from tests.servers.postgresql import PostgresqlServer
from tests.servers.station import Station


@contextmanager
def delivering(*stations: Station, within_s: float = 90.0) -> Iterator[None]:
    """Let stations send in a thread; on exit wait until everything is confirmed."""

    async def deliver() -> None:
        async with asyncio.TaskGroup() as group:
            for station in stations:
                group.create_task(station.deliver(within_s=within_s))

    failures: list[BaseException] = []

    def work() -> None:
        try:
            asyncio.run(deliver())
        except BaseException as error:  # noqa: BLE001 - raised again below
            failures.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        thread.join()
    for failure in failures:
        raise failure


def loaded(broker: Broker, nap_id: str, numbers: range) -> Station:
    station = Station(broker, nap_id)
    for number in numbers:
        station.put_uplink(number)
    return station


def assert_stored_once(cloud: NapCloud, count: int) -> None:
    payloads = sorted(message["payload"] for message in cloud.messages())
    assert payloads == [number.to_bytes(4, "big").hex() for number in range(1, count + 1)]


@pytest.mark.slow
def test_killed_again_and_again_under_load(broker: Broker, cloud: NapCloud) -> None:
    seeded = np.random.default_rng(4)
    stations = [loaded(broker, f"NAP-{n}", range(1 + 2500 * n, 2501 + 2500 * n)) for n in range(3)]
    with delivering(*stations):
        for _ in range(4):
            time.sleep(seeded.uniform(0.05, 0.6))
            cloud.kill()
            cloud.start()
    assert all(len(station.acknowledged) == 2500 for station in stations)
    assert_stored_once(cloud, 7500)


@pytest.mark.slow
def test_two_workers_share_the_load_and_one_dies(
    tmp_path: Path, broker: Broker, database_url: str
) -> None:
    workers = [NapCloud(tmp_path, broker, database_url, client_id=f"worker-{n}") for n in (1, 2)]
    try:
        for worker in workers:
            worker.start()
        stations = [
            loaded(broker, f"NAP-{n}", range(1 + 3000 * n, 3001 + 3000 * n)) for n in range(2)
        ]
        with delivering(*stations):
            _until_both_work(workers)
            workers[0].kill()
        assert all(len(station.acknowledged) == 3000 for station in stations)
        assert_stored_once(workers[1], 6000)
    finally:
        for worker in workers:
            worker.kill()


def test_a_full_disk_delays_and_loses_nothing(tmp_path: Path, broker: Broker) -> None:
    cloud = NapCloud(tmp_path, broker, f"sqlite:///{tmp_path}/cloud.db")
    cloud.start()
    try:
        # The kernel refuses writes beyond this size of a file, as a full disk does.
        used = max(path.stat().st_size for path in tmp_path.glob("cloud.db*"))
        resource.prlimit(cloud.pid, resource.RLIMIT_FSIZE, (used + 64_000, resource.RLIM_INFINITY))
        station = loaded(broker, "NAP-1", range(1, 2001))
        with delivering(station):
            _until_health(cloud, 503)
            assert "database" in cloud.fault()
            confirmed = len(station.acknowledged)
            assert confirmed < 2000
            unlimited = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
            resource.prlimit(cloud.pid, resource.RLIMIT_FSIZE, unlimited)
        assert station.acknowledged == set(range(1, 2001))
        assert_stored_once(cloud, 2000)
        assert cloud.health() == 200
    finally:
        cloud.kill()


def test_a_database_server_that_crashes_delays_and_loses_nothing(
    tmp_path: Path, broker: Broker
) -> None:
    with PostgresqlServer() as server:
        cloud = NapCloud(tmp_path, broker, server.new_database())
        cloud.start()
        try:
            station = loaded(broker, "NAP-1", range(1, 4001))
            with delivering(station):
                server.stop(signal.SIGQUIT)
                _until_health(cloud, 503)
                server.start()
            assert station.acknowledged == set(range(1, 4001))
            assert_stored_once(cloud, 4000)
            assert cloud.health() == 200
        finally:
            cloud.kill()


def _until_both_work(workers: list[NapCloud]) -> None:
    deadline = time.monotonic() + 20
    while not all(worker.metric("received_total") > 0 for worker in workers):
        assert time.monotonic() < deadline, [worker.log() for worker in workers]


def _until_health(cloud: NapCloud, status: int) -> None:
    deadline = time.monotonic() + 20
    while cloud.health() != status:
        assert time.monotonic() < deadline, cloud.log()
        time.sleep(0.05)
