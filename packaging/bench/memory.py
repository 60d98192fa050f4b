"""Memory of each program of the product, idle and at ten times the rated load."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from figure import Figure
from running import product, simulated_air, times_rated
from stack import Stack

IDLE_S: Final = 15.0
LOADED_S: Final = 75.0
QUICK_S: Final = 4.0
LOADED_DEVICES: Final = 3
LOADED_INTERVAL_S: Final = 30.86
"""Three devices with this interval send ten times 840 messages a day."""
BOX: Final = ("worker", "nap")
_KIB: Final = 1024
_MIB: Final = 1 << 20


def figures(*, quick: bool = False) -> list[Figure]:
    """RSS and PSS of worker, nap, nap-cloud and mosquitto, and the sum of the box's programs."""
    idle = _memory(0, LOADED_INTERVAL_S, QUICK_S if quick else IDLE_S)
    loaded = _memory(LOADED_DEVICES, LOADED_INTERVAL_S, QUICK_S if quick else LOADED_S)
    times = times_rated(LOADED_DEVICES, LOADED_INTERVAL_S)
    return [
        *_figures("idle", idle, "simulated air without devices, worker with both bit rates"),
        *_figures("loaded", loaded, f"the same with {times:.0f} times the rated 840 messages/day"),
    ]


def _figures(state: str, found: dict[str, tuple[float, float]], air: str) -> Iterator[Figure]:
    how = f"smaps_rollup of the running processes: {air}"
    for program, sizes in found.items():
        for kind, size in zip(("rss", "pss"), sizes, strict=True):
            yield Figure(name=f"{program}_{state}_{kind}", value=size, unit="MiB", how=how)
    for at, kind in enumerate(("rss", "pss")):
        total = sum(found[program][at] for program in BOX)
        yield Figure(
            name=f"box_{state}_{kind}",
            value=total,
            unit="MiB",
            how=f"sum of {' and '.join(BOX)}, the programs of the box so far",
            required="< 250 MB RSS",
            aim="< 150 MB",
        )


def _memory(devices: int, interval_s: float, seconds: float) -> dict[str, tuple[float, float]]:
    """RSS and PSS in MiB by program, after so many seconds."""
    with product(simulated_air(devices, interval_s)) as stack:
        stack.start_gateway()
        time.sleep(seconds)
        stack.check()
        return {name: _sizes(pid) for name, pid in _processes(stack).items()}


def _processes(stack: Stack) -> dict[str, int]:
    nap, cloud, broker = (one.pid for one in (stack.gateway, stack.cloud, stack.broker))
    if nap is None or cloud is None or broker is None:
        raise RuntimeError("a program does not run")
    [worker] = _children(nap)
    return {"worker": worker, "nap": nap, "nap_cloud": cloud, "mosquitto": broker}


def _children(pid: int) -> list[int]:
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for task in tasks for child in task.read_text().split()]


def _sizes(pid: int) -> tuple[float, float]:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    sizes_kib = {line.split(":")[0]: int(line.split()[1]) for line in lines}
    rss, pss = (sizes_kib[name] * _KIB / _MIB for name in ("Rss", "Pss"))
    return rss, pss
