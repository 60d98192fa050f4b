"""The configurations that the guides print are accepted by the programs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from cloud.config import load as load_cloud
from nap.config import load as load_box

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
