"""The whole product, started in a folder of its own for one measurement."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

sys.path.insert(0, str(Path(__file__).parents[1] / "demo"))

from stack import Stack, free_ports

BUILD: Final = Path(__file__).parents[2] / "build"
"""On the project's own disk; /tmp may lie in memory."""
RATED_PER_DAY: Final = 840
"""Messages a day that a box is rated for."""
DAY_S: Final = 86_400.0


def simulated_air(devices: int, interval_s: float, seed: int = 0) -> str:
    """The front end's table: so many devices, each with a message every `interval_s`."""
    return f"""\
[radio.front_end]
type = "simulator"
devices = {devices}
interval_s = {interval_s}
seed = {seed}
"""


def times_rated(devices: int, interval_s: float) -> float:
    """The load of such an air, in ratings."""
    return devices * DAY_S / interval_s / RATED_PER_DAY


@contextmanager
def product(air: str) -> Iterator[Stack]:
    """Broker and cloud, running on fresh data, and the gateway, to be started."""
    BUILD.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="bench-", dir=BUILD) as folder:
        stack = Stack(Path(folder), web_port=free_ports(1)[0], air=air)
        try:
            stack.start_broker()
            stack.start_cloud()
            yield stack
        finally:
            stack.stop()
