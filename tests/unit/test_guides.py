"""The configurations that the guides print are accepted by the programs."""

from __future__ import annotations

import re
import textwrap
import tomllib
from pathlib import Path

import msgspec
import pytest

from cloud.config import load as load_cloud
from nap.config import load as load_box
from radio.levels.calibration import read_calibration
from radio.settings import WorkerSettings

GUIDE = Path(__file__).parents[2] / "docs" / "operator.md"


def printed(kind: str) -> str:
    found = re.search(rf"```toml {kind}\n(.*?)```", GUIDE.read_text(), re.DOTALL)
    assert found is not None
    return found[1]


@pytest.mark.parametrize(("kind", "load"), [("box", load_box), ("cloud", load_cloud)])
def test_the_guides_configuration_is_accepted(kind: str, load: object, tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(printed(kind))
    assert callable(load)
    assert load(path) is not None


LEVELS = Path(__file__).parents[2] / "docs" / "levels.md"


def test_every_piece_of_configuration_about_levels_is_accepted() -> None:
    pieces = re.findall(r"```toml(?: zones)?\n(.*?)```", LEVELS.read_text(), re.DOTALL)
    assert len(pieces) == 5
    for piece in pieces:
        raw = tomllib.loads(textwrap.dedent(piece))["radio"]
        raw.setdefault("front_end", {"type": "rtl_tcp"})
        assert msgspec.convert(raw, WorkerSettings)


def test_the_board_file_of_the_guide_is_a_calibration() -> None:
    (board,) = re.findall(r"```toml board\n(.*?)```", LEVELS.read_text(), re.DOTALL)
    assert read_calibration(board.encode()).full_scale_dbm(24.7) == pytest.approx(-36.5)
