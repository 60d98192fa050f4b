"""What comes down the worker's stdin: commands, and whatever else may come."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from radio.command_pipe import LONGEST_SETTINGS_BYTES, CommandPipe
from radio.commands import (
    LONGEST_COMMAND_BYTES,
    CommandReader,
    SetState,
    Transmit,
    UnfitCommand,
)

TRANSMIT = Transmit(
    id="c-1", device_id="0123abcd", seq_number=7, payload="00112233aabbccdd", tag="beef"
)
LINES = b"".join(msgspec.json.encode(one) + b"\n" for one in (TRANSMIT, SetState(state="muted")))


def changed(**fields: object) -> bytes:
    return msgspec.json.encode({**msgspec.to_builtins(TRANSMIT), **fields}) + b"\n"


@given(st.binary(max_size=300), st.integers(1, 50))
def test_chunk_size_never_changes_the_result_and_good_lines_survive_bad_ones(
    noise: bytes, size: int
) -> None:
    text = noise + b"\n" + LINES
    whole, parts = CommandReader(), CommandReader()
    chunks = [text[at : at + size] for at in range(0, len(text), size)]
    found = whole.feed(text)
    assert [one for chunk in chunks for one in parts.feed(chunk)] == found
    assert found[-2:] == [TRANSMIT, SetState(state="muted")]
    assert all(isinstance(one, UnfitCommand) for one in found[:-2])


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b"\n", "truncated"),
        (b"{}\n", "type"),
        (b'{"type":"explode"}\n', "explode"),
        (b"[" * 3_000 + b"\n", ""),
        (b"\xff\n", "malformed"),
        (changed(loudness=1), "loudness"),
        (changed(device_id="0123ABCD"), "device_id"),
        (changed(device_id="0123abcd\n"), "device_id"),
        (changed(seq_number=4096), "seq_number"),
        (changed(payload="00"), "payload"),
        (changed(tag="beef00"), "tag"),
        (changed(priority=10), "priority"),
        (changed(id=""), "id"),
        (changed(id="x y"), "id"),
    ],
)
def test_what_is_no_command_is_told_with_its_place(line: bytes, said: str) -> None:
    (unfit,) = CommandReader().feed(line)
    assert isinstance(unfit, UnfitCommand)
    assert said in unfit.reason


def test_an_endless_line_is_one_refusal_and_takes_no_memory() -> None:
    reader = CommandReader()
    for _ in range(1_000):
        assert reader.feed(b"x" * 1_000) == []
        assert len(reader._lines.rest) <= LONGEST_COMMAND_BYTES
    (unfit, *others) = reader.feed(b"\n" + LINES)
    assert unfit == UnfitCommand(f"longer than {LONGEST_COMMAND_BYTES} bytes")
    assert others == [TRANSMIT, SetState(state="muted")]


def test_commands_right_behind_the_settings_are_not_swallowed() -> None:
    reading, writing = os.pipe()
    os.write(writing, b'{"front_end":1}\n' + LINES[:40])
    pipe = CommandPipe(reading)
    assert pipe.settings() == b'{"front_end":1}'
    os.write(writing, LINES[40:])
    os.close(writing)
    assert list(pipe.commands()) == [TRANSMIT, SetState(state="muted")]
    os.close(reading)


def test_endless_settings_are_cut(tmp_path: Path) -> None:
    (tmp_path / "endless").write_bytes(b"x" * 500_000)
    with (tmp_path / "endless").open("rb", buffering=0) as file:
        assert len(CommandPipe(file.fileno()).settings()) < LONGEST_SETTINGS_BYTES + 4_096
