"""The bench works: it measures, prints and reports. How fast things are is not asserted."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from pathlib import Path

import pytest

BENCH = Path(__file__).parents[2] / "packaging" / "bench" / "bench.py"
GROUPS = (
    "frames", "receiver", "spool", "relay", "ingest", "latency", "memory", "reception",
)  # fmt: skip
MAY_BE_ZERO = ("_lost", "_false_frames")


@pytest.mark.slow
@pytest.mark.parametrize("group", GROUPS)
def test_each_group_gives_figures_with_units(group: str, tmp_path: Path) -> None:
    report = tmp_path / "bench.json"
    command = [sys.executable, str(BENCH), "--quick", "--only", group, "--out", str(report)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    found = json.loads(report.read_bytes())
    assert found["quick"] is True
    assert found["machine"]["cores"] > 0
    assert found["versions"]["numpy"]
    assert found["figures"]
    for figure in found["figures"]:
        assert math.isfinite(figure["value"])
        assert figure["value"] > 0 or any(part in figure["name"] for part in MAY_BE_ZERO)
        assert figure["unit"]
        assert figure["how"]
        assert figure["name"] in done.stdout
    names = [figure["name"] for figure in found["figures"]]
    assert len(set(names)) == len(names)
    assert f"{group} took" in done.stderr


def test_an_unknown_group_is_refused_and_the_known_ones_named() -> None:
    command = [sys.executable, str(BENCH), "--only", "nonsense"]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 2
    for group in GROUPS:
        assert group in done.stderr
