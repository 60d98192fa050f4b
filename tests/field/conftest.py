"""Real programs that the field tests share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.parts.mosquitto import Broker
from tests.servers.nap_cloud import NapCloud


@pytest.fixture
def cloud(tmp_path: Path, broker: Broker) -> Iterator[NapCloud]:
    """A running nap-cloud on SQLite."""
    cloud = NapCloud(tmp_path, broker, f"sqlite:///{tmp_path}/cloud.db")
    cloud.start()
    yield cloud
    cloud.kill()
