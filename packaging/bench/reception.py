"""How well the receiver receives: the table and the curves of docs/radio.md.

As a group of the bench it measures everything. Called on its own it measures what is asked for,
keeps it, and draws and writes from all that was kept:

    reception.py --only frame_loss --only drift
    reception.py --page docs/radio.md
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any, Final, Protocol, cast

import msgspec

ROOT: Final = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from curves.curve import QUICK, Curve, Effort, Found  # noqa: E402 - the path comes first
from figure import Figure  # noqa: E402
from machine import commit, machine, versions  # noqa: E402
from page import write_page  # noqa: E402
from table import table  # noqa: E402

ABOUT_MIN: Final = {
    "frame_loss": 3,
    "message_loss": 30,
    "drift": 2,
    "neighbour": 13,
    "crowds": 5,
    "false_alarms": 2,
    "accuracy": 1,
    "resources": 4,
}
"""Modules of the folder curves, in the order of the table; minutes on two cores."""
MATTER: Final = ("python", "numpy")
KEPT: Final = ROOT / "build" / "reception"
FIGURES: Final = ROOT / "docs" / "figures"


class Measurement(Protocol):
    """What such a module offers."""

    def measure(self, effort: Effort) -> Found:
        """Measure."""
        ...


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """What one measurement found, as it is kept."""

    name: str
    measured_utc: str
    commit: str
    took_s: float
    effort: Effort
    figures: list[Figure]
    curves: list[Curve]


def figures(*, quick: bool = False) -> list[Figure]:
    """Everything, as figures of the bench."""
    found = [_measured(name, QUICK if quick else Effort()) for name in ABOUT_MIN]
    if not quick:
        _keep(found, KEPT)
    return [figure for kept in found for figure in kept.figures]


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure what is asked for, then write from all that was kept."""
    asked = _parser().parse_args(arguments)
    # Each process has a core; libraries that start threads of their own would share it.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    for name in asked.only or (() if asked.page else ABOUT_MIN):
        _keep([_measured(name, _effort(asked))], asked.kept)
    known = list(_known(asked.kept))
    print("\n".join(table([figure for kept in known for figure in kept.figures])))
    if asked.page is not None:
        _write(asked.page, asked.figures, known)
    return 0


def _measured(name: str, effort: Effort) -> Kept:
    _say(f"{name}, {'a few s' if effort.coarse else f'about {ABOUT_MIN[name]} min'} …")
    began_utc, began_at = datetime.now(UTC), time.monotonic()
    measurement = cast("Measurement", import_module(f"curves.{name}"))
    found = measurement.measure(effort)
    took_s = time.monotonic() - began_at
    _say(f"{name} took {took_s:.0f} s")
    return Kept(
        name=name,
        measured_utc=began_utc.isoformat(timespec="seconds"),
        commit=commit(),
        took_s=took_s,
        effort=effort,
        figures=found.figures,
        curves=found.curves,
    )


def _keep(found: Sequence[Kept], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for kept in found:
        (folder / f"{kept.name}.json").write_bytes(msgspec.json.encode(kept))


def _known(folder: Path) -> Iterator[Kept]:
    for name in ABOUT_MIN:
        path = folder / f"{name}.json"
        if path.exists():
            yield msgspec.json.decode(path.read_bytes(), type=Kept)


def _write(page: Path, folder: Path, known: Sequence[Kept]) -> None:
    """The pictures, and the table of the page."""
    # Only here: what measures does without the library that draws.
    from curves.draw import draw  # noqa: PLC0415

    for kept in known:
        for curve in kept.curves:
            _say(f"drawn: {draw(curve, folder)}")
    report: dict[str, Any] = {
        "measured_utc": ", ".join(
            f"{kept.name} {kept.measured_utc} ({kept.commit}, {kept.took_s / 60:.0f} min)"
            for kept in known
        ),
        "machine": machine(),
        "versions": {name: known_as for name, known_as in versions().items() if name in MATTER},
    }
    write_page(page, [figure for kept in known for figure in kept.figures], report)
    _say(f"written: {page}")


def _effort(asked: argparse.Namespace) -> Effort:
    if asked.quick:
        return QUICK
    usual = Effort()
    return Effort(
        trials=asked.trials or usual.trials,
        noise_s=usual.noise_s if asked.hours is None else 3600 * asked.hours,
        crowd_scenes=asked.scenes or usual.crowd_scenes,
        jobs=asked.jobs,
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="reception", description="Measure the receiver.")
    parser.add_argument(
        "--only", action="append", choices=ABOUT_MIN, metavar="NAME", help=", ".join(ABOUT_MIN)
    )
    parser.add_argument("--quick", action="store_true", help="show that it works, in seconds")
    parser.add_argument("--trials", type=int, help="frames or messages at each point")
    parser.add_argument("--hours", type=float, help="of noise to find false frames in")
    parser.add_argument("--scenes", type=int, help="of each crowd, 20 s each")
    parser.add_argument("--jobs", type=int, default=len(os.sched_getaffinity(0)), help="processes")
    parser.add_argument("--kept", type=Path, default=KEPT, help="folder of what was measured")
    parser.add_argument("--figures", type=Path, default=FIGURES, help="folder for the pictures")
    parser.add_argument(
        "--page",
        type=Path,
        help="page whose table is renewed, with the pictures, from what is kept",
    )
    return parser


def _say(text: str) -> None:
    print(f"reception: {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
