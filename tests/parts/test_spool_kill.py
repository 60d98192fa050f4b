"""A real process, killed for real, again and again.

Shows what a kill leaves behind, not what a power cut does: the kernel's cache survives a kill.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np

from nap.spool.ports import Kind
from nap.spool.spool import Spool
from tests.simulators.spooling import ROOMY, saying

WRITER = [sys.executable, "-m", "tests.simulators.spool_writer"]
ROUNDS = 15


def killed_writer(path: Path, prefix: str, lines: int) -> list[str]:
    """What the writer said; killed once it said `lines` lines, at whatever it does then."""
    with subprocess.Popen([*WRITER, path, prefix], stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        said = [writer.stdout.readline() for _ in range(lines)]
        writer.send_signal(signal.SIGKILL)
        said += writer.stdout.readlines()
    assert writer.returncode == -signal.SIGKILL
    return [line.strip() for line in said if line.endswith("\n")]


async def texts_waiting(path: Path) -> dict[int, str]:
    async with Spool(path, {"cloud": "oldest"}, ROOMY) as spool:
        records = await spool.waiting("cloud", after=0, through=spool.head, limit=10**6)
    return {record.number: json.loads(record.body)["text"] for record in records}


async def test_kills_lose_nothing_promised_and_no_number_is_used_twice(tmp_path: Path) -> None:
    path, chance = tmp_path / "spool.db", np.random.default_rng(20260101)
    promised: dict[int, str] = {}
    settled: set[int] = set()
    for attempt in range(ROUNDS):
        for line in killed_writer(path, str(attempt), int(chance.integers(1, 400))):
            word, number, *text = line.split()
            if word == "settle":
                settled.add(int(number))
            else:
                assert promised.setdefault(int(number), text[0]) == text[0]
    waiting = await texts_waiting(path)
    assert {number: waiting.get(number) for number in promised.keys() - settled} == {
        number: promised[number] for number in promised.keys() - settled
    }
    assert all(promised.get(number, text) == text for number, text in waiting.items())
    assert len(promised) > ROUNDS


async def test_a_log_cut_off_after_a_kill_costs_messages_but_no_number_is_used_twice(
    tmp_path: Path,
) -> None:
    path = tmp_path / "spool.db"
    said = killed_writer(path, "0", 100)
    # A damaged sector: the engine stops reading its log there, without a word.
    (tmp_path / "spool.db-wal").write_bytes(b"")
    given_out = [int(line.split()[1]) for line in said]
    async with Spool(path, {"cloud": "oldest"}, ROOMY) as spool:
        assert await spool.put(Kind.UPLINK, saying("next")) > max(given_out)


async def test_every_uplink_is_accounted_for_after_kills(tmp_path: Path) -> None:
    path = tmp_path / "spool.db"
    for attempt in range(3):
        killed_writer(path, str(attempt), 200)
    async with Spool(path, {"cloud": "oldest"}, ROOMY) as spool:
        status = await spool.status()
        records = await spool.waiting("cloud", after=0, through=spool.head, limit=10**6)
    cloud = status.destinations["cloud"]
    assert len(records) == cloud.waiting_uplinks
    assert cloud.ended["delivered"] + cloud.waiting_uplinks == status.spooled
    assert not status.set_aside
