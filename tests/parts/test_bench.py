"""The bench works: it measures, prints and reports. How fast things are is not asserted."""

from __future__ import annotations

import json
import math
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

BENCH = Path(__file__).parents[2] / "packaging" / "bench" / "bench.py"
GROUPS = (
    "frames", "receiver", "spool", "relay", "ingest", "latency", "memory",
)  # fmt: skip
RECEPTION = BENCH.with_name("reception.py")
DOCS = Path(__file__).parents[2] / "docs"
MAY_BE_ZERO = ("_lost", "_false_frames")


def run(command: list[str | Path]) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *command], check=True, capture_output=True, text=True)


def quick_bench(group: str, folder: Path) -> dict[str, Any]:
    """The report of one group, every figure of which is in the table as well."""
    report = folder / "bench.json"
    done = run([BENCH, "--quick", "--only", group, "--out", report])
    found: dict[str, Any] = json.loads(report.read_bytes())
    assert found["quick"] is True
    assert f"{group} took" in done.stderr
    names = [figure["name"] for figure in found["figures"]]
    assert len(set(names)) == len(names)
    assert all(name in done.stdout for name in names)
    return found


@pytest.mark.slow
@pytest.mark.parametrize("group", GROUPS)
def test_each_group_gives_figures_with_units(group: str, tmp_path: Path) -> None:
    found = quick_bench(group, tmp_path)
    assert found["machine"]["cores"] > 0
    assert found["versions"]["numpy"]
    assert found["figures"]
    for figure in found["figures"]:
        assert math.isfinite(figure["value"])
        assert figure["value"] > 0 or any(part in figure["name"] for part in MAY_BE_ZERO)
        assert figure["unit"]
        assert figure["how"]


def test_an_unknown_group_is_refused_and_the_known_ones_named() -> None:
    command = [sys.executable, str(BENCH), "--only", "nonsense"]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 2
    for group in GROUPS:
        assert group in done.stderr


@pytest.mark.slow
def test_the_table_of_the_radio_stands_beside_limits_and_a_plain_receiver(tmp_path: Path) -> None:
    found = {figure["name"]: figure for figure in quick_bench("reception", tmp_path)["figures"]}
    level = found["frames_10_percent_lost_at"]
    assert float(level["limit"]) < level["value"] < float(level["plain"])
    assert found["messages_lost_at_2_db"]["required"] == "≤ 10"
    for name in ("frames_lost_at_0_hz_per_s", "frames_lost_at_1000_hz_rect"):
        assert found[name]["value"] == 0
        assert found[name]["low"] == 0
        assert found[name]["high"] > 0
    assert found["crowd_10_spread_messages_lost"]["value"] == 0
    assert found["noise_false_frames"]["value"] == 0
    assert "h of white noise" in found["noise_false_frames"]["how"]
    for shape in ("rect", "s2lp"):
        assert float(found[f"carrier_error_{shape}"]["limit"]) > 0
        assert 0 < found[f"carrier_error_{shape}"]["value"] < 0.3
        assert 0 < found[f"time_error_{shape}"]["value"] < 0.5
    assert found["decode_2_both_rates_times_real_time"]["value"] > 0
    assert found["decode_2_both_rates_peak_rss"]["value"] > 10


def test_curves_are_kept_and_a_page_is_written_from_several_runs(tmp_path: Path) -> None:
    page = tmp_path / "radio.md"
    page.write_text("before\n<!-- figures -->\nold\n<!-- end of figures -->\nafter\n")
    places = ["--kept", tmp_path / "kept", "--figures", tmp_path / "figures"]
    for name in ("drift", "neighbour"):
        run([RECEPTION, "--quick", "--only", name, *places])
    run([RECEPTION, "--page", page, *places])
    text = page.read_text()
    assert text.startswith("before\n")
    assert text.endswith("after\n")
    assert "old" not in text
    assert "`frames_lost_at_45_hz_per_s`" in text
    assert "`frames_lost_at_400_hz_rect`" in text
    drawn = sorted(path.name for path in (tmp_path / "figures").iterdir())
    assert drawn == ["drift.png", "neighbour.png"]


def test_every_picture_is_shown_in_a_guide_and_the_page_of_the_radio_says_how() -> None:
    guides = "".join(path.read_text() for path in DOCS.glob("*.md"))
    pictures = list((DOCS / "figures").glob("*.png"))
    assert pictures
    for picture in pictures:
        assert f"(figures/{picture.name})" in guides
    for picture in re.findall(r"\((figures/.*?)\)", guides):
        assert (DOCS / picture).exists()
    assert "packaging/bench/reception.py" in (DOCS / "radio.md").read_text()
