"""The whitelist on a real disk: changes that survive, and files that were damaged."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from nap.durable_file import replace_file
from nap.whitelist import rules_file
from nap.whitelist.change import Change, ChangeError, apply
from nap.whitelist.rules import Mode, Rules
from nap.whitelist.whitelist import Whitelist

WRITER = """
import asyncio, sys
from pathlib import Path
from nap.whitelist.change import Change, apply
from nap.whitelist.rules import Mode
from nap.whitelist.whitelist import Whitelist
async def main():
    folder = Path(sys.argv[1])
    whitelist = Whitelist(folder, Mode.OFF)
    for number in range(10**6):
        change = Change(allow_add=[f"{number:x}"], deny_add=[f"{number:x}"])
        await whitelist.change(lambda rules: apply(rules, change))
        print(number, flush=True)
asyncio.run(main())
"""


def whitelist_in(folder: Path) -> Whitelist:
    return Whitelist(folder, Mode.OFF)


async def test_a_change_is_in_force_at_once_and_after_a_restart(tmp_path: Path) -> None:
    whitelist = await asyncio.to_thread(whitelist_in, tmp_path)
    assert whitelist.judge("00000002", "d").passes
    change = Change(mode=Mode.ENFORCE, allow_add=["1"])
    await whitelist.change(lambda rules: apply(rules, change))
    for restarted in (whitelist, await asyncio.to_thread(whitelist_in, tmp_path)):
        assert restarted.judge("00000001", "d").passes
        assert not restarted.judge("00000002", "d").passes
    assert whitelist.would_drop == 2


async def test_a_change_that_cannot_be_made_changes_nothing(tmp_path: Path) -> None:
    whitelist = await asyncio.to_thread(whitelist_in, tmp_path)
    with pytest.raises(ChangeError):
        await whitelist.change(lambda rules: apply(rules, Change(allow_remove=["1"])))
    (tmp_path / "whitelist.json.new").mkdir()  # the disk refuses
    with pytest.raises(OSError, match="directory"):
        await whitelist.change(lambda _: Rules(mode=Mode.ENFORCE))
    assert whitelist.rules == Rules()
    assert (await asyncio.to_thread(whitelist_in, tmp_path)).rules == Rules()


def test_after_a_kill_the_file_is_the_last_state_or_the_one_before(tmp_path: Path) -> None:
    command = [sys.executable, "-c", WRITER, tmp_path]
    for lines in (3, 40, 111):
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
            assert writer.stdout is not None
            said = [int(writer.stdout.readline()) for _ in range(lines)]
            writer.send_signal(signal.SIGKILL)
            said += [int(line) for line in writer.stdout.readlines() if line.endswith("\n")]
        rules = rules_file.read(tmp_path / "whitelist.json").rules
        assert f"{said[-1]:08x}" in rules.allow
        assert rules.allow == rules.deny


def test_a_reader_never_sees_half_a_file(tmp_path: Path) -> None:
    path = tmp_path / "rules"
    contents = [bytes([number]) * 4_000_000 for number in range(2)]
    replace_file(path, contents[0])
    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(lambda: [replace_file(path, contents[n % 2]) for n in range(30)])
        while not writing.done():
            assert path.read_bytes() in contents
        writing.result()


@pytest.mark.parametrize(
    "content", [b"", b"{", b"\xff" * 100, b'{"mode": "maybe"}', b'{"allow": ["xyz"]}', b'{"x": 1}']
)
def test_a_damaged_file_drops_no_message_and_is_kept_for_a_look(
    tmp_path: Path, content: bytes
) -> None:
    (tmp_path / "whitelist.json").write_bytes(content)
    whitelist = whitelist_in(tmp_path)
    assert whitelist.rules.mode is Mode.OBSERVE
    assert whitelist.judge("00000001", "d").passes
    assert (tmp_path / "whitelist.json.damaged").read_bytes() == content


async def test_the_record_of_heard_devices_survives(tmp_path: Path) -> None:
    whitelist = await asyncio.to_thread(whitelist_in, tmp_path)
    whitelist.judge("00000001", "2026-01-01")
    await whitelist.save()
    assert (await asyncio.to_thread(whitelist_in, tmp_path)).heard == whitelist.heard
    (tmp_path / "heard.json").write_bytes(b'{"days": 7}')
    assert (await asyncio.to_thread(whitelist_in, tmp_path)).heard.days == []
