"""For all tests: the real servers they share, and a loop that our code never blocks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from blockbuster import BlockBuster, blockbuster_ctx

from tests.parts.mosquitto import Broker
from tests.servers.postgresql import PostgresqlServer


@pytest.fixture(autouse=True)
def loop_is_never_blocked() -> Iterator[BlockBuster]:
    """A test in which our code blocks the event loop fails."""
    with blockbuster_ctx(scanned_modules=["nap"]) as guard:
        yield guard


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    """A running mosquitto of this test alone; `nap-cloud init` wrote its files."""
    broker = Broker(tmp_path / "mosquitto")
    broker.start()
    yield broker
    broker.kill()


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgresqlServer]:
    """One server for all tests of a worker process; each test has a database of its own."""
    with PostgresqlServer() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of each kind that the cloud's store works on."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/cloud.db"
    server: PostgresqlServer = request.getfixturevalue("postgresql")
    return server.new_database()
