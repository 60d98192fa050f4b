"""`make bench`: every figure of the product, one after the other.

Progress goes to stderr, the table to stdout, everything to build/bench.json.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Final, Protocol, cast

import msgspec

ROOT: Final = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from figure import Figure  # noqa: E402 - the path comes first
from machine import machine, versions  # noqa: E402
from page import write_page  # noqa: E402
from table import table  # noqa: E402

ABOUT_S: Final = {
    "frames": 10,
    "receiver": 180,
    "spool": 10,
    "relay": 60,
    "ingest": 60,
    "latency": 190,
    "memory": 110,
    "reception": 3600,
}
"""Modules of this folder, in the order in which they run, and how long each takes."""

HAS_ITS_PAGE: Final = "reception"
"""It keeps what it measured; reception.py writes docs/radio.md of that."""


class Group(Protocol):
    """What such a module offers."""

    def figures(self, *, quick: bool = False) -> list[Figure]:
        """Measure; `quick` shows only that it works."""
        ...


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure what is asked for; 0 when all of it worked."""
    asked = _parser().parse_args(arguments)
    began_utc, found = datetime.now(UTC), list[Figure]()
    # Now: by the end others may have worked on it.
    facts, parts = machine(), versions()
    pages = list[Figure]()
    for name in asked.only or ABOUT_S:
        measured = _measured(name, quick=asked.quick)
        found += measured
        if name != HAS_ITS_PAGE:
            pages += measured
    report = {
        "measured_utc": began_utc.isoformat(timespec="seconds"),
        "quick": asked.quick,
        "machine": facts,
        "versions": parts,
        "figures": found,
    }
    asked.out.parent.mkdir(parents=True, exist_ok=True)
    asked.out.write_bytes(msgspec.json.format(msgspec.json.encode(report), indent=2) + b"\n")
    print("\n".join(table(found)))
    if asked.page is not None:
        write_page(asked.page, pages, report)
    _say(f"written to {asked.out}")
    return 0


def _measured(name: str, *, quick: bool) -> list[Figure]:
    _say(f"{name}, {'a few' if quick else f'about {ABOUT_S[name]}'} s …")
    began_at = time.monotonic()
    group = cast("Group", import_module(name))
    found = group.figures(quick=quick)
    _say(f"{name} took {time.monotonic() - began_at:.0f} s")
    return found


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="bench", description="Measure the product.")
    parser.add_argument(
        "--only", action="append", choices=ABOUT_S, metavar="NAME", help=", ".join(ABOUT_S)
    )
    parser.add_argument("--quick", action="store_true", help="show that it works, in seconds")
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "bench.json", help="report")
    parser.add_argument("--page", type=Path, help="page whose table of figures is renewed")
    return parser


def _say(text: str) -> None:
    print(f"bench: {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
