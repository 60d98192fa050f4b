"""A cloud on a real broker and a real database."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.parts.mosquitto import Broker
from tests.servers.nap_cloud import NapCloud


@pytest.fixture
def cloud(tmp_path: Path, broker: Broker, database_url: str) -> Iterator[NapCloud]:
    """A running nap-cloud on either database."""
    program = NapCloud(tmp_path, broker, database_url)
    program.start()
    yield program
    program.kill()
