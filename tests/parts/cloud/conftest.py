"""A cloud on a real broker and a real database."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.parts.mosquitto import Broker
from tests.servers.nap_cloud import NapCloud
from tests.servers.postgresql import PostgresqlServer


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgresqlServer]:
    """One server for all tests of a worker process; each test has a database of its own."""
    with PostgresqlServer() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/cloud.db"
    server: PostgresqlServer = request.getfixturevalue("postgresql")
    return server.new_database()


@pytest.fixture
def cloud(tmp_path: Path, broker: Broker, database_url: str) -> Iterator[NapCloud]:
    """A running nap-cloud on either database."""
    program = NapCloud(tmp_path, broker, database_url)
    program.start()
    yield program
    program.kill()
