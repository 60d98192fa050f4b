"""Rows a second that the spool makes safe on the disk: each on its own, and in groups."""

from __future__ import annotations

import asyncio
import tempfile
import time
from pathlib import Path
from typing import Final

import msgspec
from figure import Figure
from running import BUILD

from nap.spool.bounds import Bounds
from nap.spool.ports import Kind
from nap.spool.spool import Spool

SECONDS: Final = 5.0
QUICK_S: Final = 0.5
GROUPED: Final = 2000
"""Rows submitted before the first of them is awaited."""
_PADDING: Final = "x" * 330
_ROOMY: Final = Bounds(max_bytes=2_000_000_000, max_age_s=None, memory_bytes=20_000_000)


def figures(*, quick: bool = False) -> list[Figure]:
    """Both rates, on the disk that holds `build`."""
    seconds = QUICK_S if quick else SECONDS
    how = "durable (fsync) in SQLite on the disk of this folder, rows of 400 bytes"
    return [
        Figure(
            name=f"spool_{name}_rows_per_s",
            value=asyncio.run(_measure(at_once, seconds)),
            unit="rows/s",
            how=how,
        )
        for name, at_once in (("one_by_one", 1), ("grouped", GROUPED))
    ]


async def _measure(at_once: int, seconds: float) -> float:
    BUILD.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="bench-", dir=BUILD) as folder:
        async with Spool(Path(folder) / "spool.db", {"cloud": "oldest"}, _ROOMY) as spool:
            return await _rate(spool, at_once, seconds)


async def _rate(spool: Spool, at_once: int, seconds: float) -> float:
    rows, began = 0, time.perf_counter()
    while (took_s := time.perf_counter() - began) < seconds:
        waiting = [spool.submit(Kind.UPLINK, _body) for _ in range(at_once)]
        for number in waiting:
            await number
        rows += at_once
    return rows / took_s


def _body(epoch: str, number: int) -> bytes:
    return msgspec.json.encode({"epoch": epoch, "number": number, "padding": _PADDING})
