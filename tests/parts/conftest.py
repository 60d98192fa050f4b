"""Real parts that several tests share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.parts.mosquitto import Broker


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    """A running mosquitto of this test alone; `nap-cloud init` wrote its files."""
    broker = Broker(tmp_path / "mosquitto")
    broker.start()
    yield broker
    broker.kill()
