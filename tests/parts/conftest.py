"""Real parts that several tests share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from blockbuster import BlockBuster, blockbuster_ctx

from tests.parts.mosquitto import Broker


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    """A running mosquitto of this test alone; `nap-cloud init` wrote its files."""
    broker = Broker(tmp_path / "mosquitto")
    broker.start()
    yield broker
    broker.kill()


@pytest.fixture(autouse=True)
def our_code_never_blocks_the_loop() -> Iterator[BlockBuster]:
    # The authority belongs to commands without a loop; the tests use it to prepare files.
    administration = ["cloud.pki", "cloud.private_file", "cloud.broker"]
    with blockbuster_ctx(["nap", "cloud"], excluded_modules=administration) as blockbuster:
        yield blockbuster
