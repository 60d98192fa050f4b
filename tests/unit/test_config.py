"""The configuration file: what it may say, what is said when it is wrong, and what is shown."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nap.config import load, parse
from nap.config_errors import ConfigError
from nap.config_text import commented

LEAST = """
[station]
nap_id = "nap-1"
[radio.front_end]
type = "simulator"
"""
FULL = (
    'state_dir = "/data/nap \\"quoted\\""\n'
    + LEAST
    + """
[radio]
zone = "RC3"
bit_rates = [100, 600]
calibration_db = -31.5
[radio.transmit]
state = "muted"
gain_db = 12.5
[whitelist]
first_mode = "enforce"
[spool]
max_age_days = 30
[quota]
messages_per_day = 840
[[destination]]
kind = "cloud"
host = "cloud.example"
authority_path = "/etc/nap/ca.pem"
certificate_path = "/etc/nap/nap.pem"
key_path = "/etc/nap/nap.key"
[[destination]]
kind = "http"
name = "archive"
url = "https://archive.example/in"
start = "newest"
pace = { drain_per_s = 2.5 }
"""
)


def refusal(text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        parse(text.encode(), "nap.toml")
    return str(caught.value)


def test_a_box_needs_an_identity_and_a_front_end_and_no_more() -> None:
    config = parse(LEAST.encode(), "nap.toml")
    assert config.socket_path == Path("/run/nap/api.sock")
    assert config.quota.messages_per_day is None
    assert config.destination == []


@pytest.mark.parametrize("text", [LEAST, FULL])
def test_what_is_shown_is_a_file_that_means_the_same(text: str) -> None:
    config = parse(text.encode(), "nap.toml")
    shown = commented(config)
    assert parse(shown.encode(), "shown") == config
    assert "# Older ones go although there is room; absent: they stay." in shown


def test_what_is_shown_explains_every_key_of_the_gateway() -> None:
    shown = commented(parse(LEAST.encode(), "nap.toml"))
    ours = [part for part in shown.split("\n\n") if "\n[radio" not in part]
    for part in ours:
        lines = [line for line in part.splitlines() if not line.startswith("[")]
        for before, line in itertools.pairwise(lines):
            assert " = " not in line or line.startswith("# ") or before.startswith("# ")
    assert len(ours) == 6


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            f"{LEAST}\n[spool]\nmax_byte = 1",
            "spool: unknown key 'max_byte'; did you mean 'max_bytes'",
        ),
        (f"{LEAST}\ndevice = 1", "radio.front_end: unknown key 'device'; did you mean 'devices'"),
        (f"colour = 1\n{LEAST}", "top level: unknown key 'colour'; valid keys: station, radio,"),
        (f"{LEAST}\n[spool]\nmax_bytes = 5", "spool.max_bytes: expected `int` >= 1000000"),
        (f"{LEAST}\n[radio]\nzone = 'RC9'", "radio.zone: invalid enum value 'RC9'"),
        ("[station]\nnap_id = 'a/b'", "station.nap_id: expected `str` matching regex"),
        ("[station]\nnap_id = 'a'", "top level: object missing required field `radio`"),
        (f"state_dir = 3\n{LEAST}", "state_dir: expected a path, got 3"),
        ("a = 1\na = 2\nb = 3", "not TOML: Cannot overwrite a value (at line 2"),
        ("\x00", "not TOML"),
        (
            f'{LEAST}[[destination]]\nkind = "http"\nurl = "https://a"\npace = {{inflight = 1}}',
            "destination[0].pace: unknown key 'inflight'; did you mean 'in_flight'",
        ),
        (
            f'{LEAST}[[destination]]\nkind = "http"\nurl = "https://a"\n' * 2,
            "Cannot declare",
        ),
        (
            LEAST + '[[destination]]\nkind = "http"\nurl = "https://a"\n' * 2,
            "two destinations are called 'http'",
        ),
        (f'{LEAST}[[destination]]\nkind = "ftp"', "destination[0].kind: invalid value 'ftp'"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(text: str, said: str) -> None:
    message = refusal(text)
    assert message.startswith("nap.toml: ")
    assert said in message


def test_files_that_are_not_there_or_far_too_large(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no\.toml: No such file"):
        load(tmp_path / "no.toml")
    (tmp_path / "large.toml").write_bytes(b"#" * 1_000_001)
    with pytest.raises(ConfigError, match="larger than"):
        load(tmp_path / "large.toml")


@given(st.one_of(st.binary(max_size=200), st.text(max_size=200).map(str.encode)))
def test_any_file_gives_a_clear_error(content: bytes) -> None:
    # Whatever it holds, a station and a front end are not among 200 random bytes.
    with pytest.raises(ConfigError, match=r"^nap\.toml: "):
        parse(content, "nap.toml")


@given(
    st.recursive(
        st.one_of(st.integers(), st.text(max_size=5), st.booleans()),
        lambda inner: (
            st.lists(inner, max_size=2)
            | st.dictionaries(
                st.sampled_from(
                    ["radio", "station", "front_end", "type", "destination", "kind", "x"]
                ),
                inner,
                max_size=3,
            )
        ),
        max_leaves=8,
    )
)
def test_any_structure_gives_a_clear_error(value: object) -> None:
    text = "\n".join(f"{key} = {_toml(value)}" for key in ("radio", "station", "destination"))
    assert refusal(text)


def _toml(value: object) -> str:
    match value:
        case bool():
            return str(value).lower()
        case int():
            return str(max(min(value, 2**62), -(2**62)))
        case list():
            return "[" + ", ".join(map(_toml, value)) + "]"
        case dict():
            return "{" + ", ".join(f"{key} = {_toml(inner)}" for key, inner in value.items()) + "}"
        case _:
            return '"' + "".join(c for c in str(value) if c.isalnum() and c.isascii()) + '"'


@pytest.mark.parametrize("name", ["nap-1\n", "nap 1", ""])
def test_a_name_that_topics_cannot_hold_is_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / "nap.toml"
    path.write_text(f"[station]\nnap_id = {name!r}\n".replace("'", '"'))
    with pytest.raises(ConfigError, match="nap_id"):
        load(path)


def test_what_works_but_had_better_be_changed_is_said() -> None:
    soapy = LEAST.replace('type = "simulator"', 'type = "soapy"\ndevice = "x"\nrate_hz = 1e6')
    assert parse(soapy.encode(), "nap.toml").radio.advice is None
    short = soapy + "[radio.black_box]\nring_s = 5\nring_bytes = 40_000_000\n"
    advice = parse(short.encode(), "nap.toml").radio.advice
    assert advice is not None
    assert "set ring_s from 5 to 20.3 at least, or leave it out" in advice
    assert "ring_bytes from 40000000 to 82000000 at least" in advice
    assert "hold 10.0 s at 1000000 samples/s" in advice
    for unwanted in ("clips_per_hour = 0", "enabled = false"):
        assert parse((short + unwanted).encode(), "nap.toml").radio.advice is None
