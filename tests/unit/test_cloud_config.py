from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cloud.cli.app import main
from cloud.config import load
from cloud.config_text import render
from cloud.errors import ConfigError, StoreError
from cloud.store.engine import parse_url

MINIMAL = """
[mqtt]
authority = "ca.crt"
certificate = "client.crt"
key = "client.key"
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "cloud.toml"
    path.write_text(text)
    return path


def test_paths_start_at_the_folder_of_the_file(tmp_path: Path) -> None:
    assert load(written(tmp_path, MINIMAL)).mqtt.key == tmp_path / "client.key"


def test_what_is_shown_can_be_used_and_means_the_same(tmp_path: Path) -> None:
    text = MINIMAL + '[web]\nhosts = ["nap.example", "ü\\"x"]\n[store]\nlinger_ms = 0\n'
    config = load(written(tmp_path, text))
    shown = render(config)
    assert load(written(tmp_path, shown)) == config
    assert "# how long a transaction waits for more messages\nlinger_ms = 0.0" in shown


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (MINIMAL + "prot = 1\n", "prot"),
        (MINIMAL + "port = 99999\n", "mqtt.port"),
        (MINIMAL + "[store]\nbatch_rows = 'x'\n", "store.batch_rows"),
        (MINIMAL + "[shop]\n", "shop"),
        ("[mqtt]\n", "authority"),
        ("", "mqtt"),
        ("[mqtt\n", "line 1"),
        (MINIMAL + "log_level = 3", "log_level"),
        ("[mqtt]\nauthority = 3\ncertificate = ''\nkey = ''", "authority"),
    ],
)
def test_a_mistake_is_told_with_file_and_place(tmp_path: Path, text: str, place: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(ConfigError) as caught:
        load(path)
    assert str(path) in str(caught.value)
    assert place in str(caught.value)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=200))
def test_no_file_makes_it_fall(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "any.toml"
    path.write_bytes(content)
    with pytest.raises(ConfigError):
        load(path)


@pytest.mark.parametrize("url", ["", "nonsense", "mysql://x/y", "sqlite://", "sqlite:///:memory:"])
def test_a_database_that_cannot_be_used_is_told(url: str) -> None:
    with pytest.raises(StoreError):
        parse_url(url)


def test_a_password_is_not_shown_when_the_url_is_wrong() -> None:
    with pytest.raises(StoreError) as caught:
        parse_url("mysql://user:secret@host/name")
    assert "secret" not in str(caught.value)


def test_check_says_what_is_missing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path, MINIMAL)
    monkeypatch.setattr("sys.argv", ["nap-cloud", "config", "check", str(path)])
    assert main() == 1
    assert str(tmp_path / "ca.crt") in capsys.readouterr().err
    for name in ("ca.crt", "client.crt", "client.key"):
        (tmp_path / name).touch()
    assert main() == 0
    assert capsys.readouterr().out == f"{path}: ok\n"
