"""Disks that are full, become full, are read-only, or are not there yet: real file systems."""

from __future__ import annotations

import asyncio
import json
import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from nap.spool.bounds import Bounds
from nap.spool.keeper import Keeper
from nap.spool.ports import Fate, Kind, SpoolFullError
from nap.spool.shelf import Shelf
from nap.spool.spool import Spool
from tests.simulators.spooling import ROOMY, saying

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="mounting a small disk needs root")


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[Path]:
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "none", folder], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    with small_disk(tmp_path / "disk", "2m") as folder:
        yield folder


def remount(folder: Path, how: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{how}", folder], check=True)


def fill_up(disk: Path) -> Path:
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            return ballast


def texts(records: list[bytes]) -> list[str]:
    return [json.loads(body)["text"] for body in records]


async def waiting(spool: Spool) -> list[str]:
    records = await spool.waiting("cloud", after=0, through=spool.head, limit=10_000)
    return texts([record.body for record in records])


@needs_root
async def test_a_full_disk_delays_the_file_but_neither_relay_nor_later_writing(disk: Path) -> None:
    async with Spool(disk / "spool.db", {"cloud": "oldest"}, ROOMY) as spool:
        await spool.put(Kind.UPLINK, saying("before"))
        ballast = fill_up(disk)
        held = [spool.submit(Kind.UPLINK, saying(f"{n}{'x' * 3000}")) for n in range(600)]
        status = await spool.status()
        assert not status.durable
        assert "full" in str(status.refusal)
        assert not any(answer.done() for answer in held)
        relayed = await spool.waiting("cloud", after=0, through=spool.head, limit=10_000)
        assert len(relayed) == 601
        await spool.settle("cloud", [(relayed[1].number, relayed[400].number)], Fate.DELIVERED)
        assert await held[0] == relayed[1].number  # taken by everyone: it can no longer be lost
        ballast.unlink()
        numbers = [await answer for answer in held]
        assert (await spool.status()).durable
    async with Spool(disk / "spool.db", {"cloud": "oldest"}, ROOMY) as again:
        records = await again.waiting("cloud", after=0, through=again.head, limit=10_000)
    assert [r.number for r in records] == [relayed[0].number, *numbers[400:]]


@needs_root
async def test_what_fits_neither_disk_nor_memory_is_dropped_oldest_first_and_counted(
    disk: Path,
) -> None:
    bounds = Bounds(max_bytes=50_000_000, max_age_s=None, memory_bytes=100_000)
    async with Spool(disk / "spool.db", {"cloud": "oldest"}, bounds) as spool:
        fill_up(disk)
        held = [spool.submit(Kind.UPLINK, saying(f"{n}{'x' * 3000}")) for n in range(1000)]
        status = await spool.status()
        kept = await waiting(spool)
        failed = [answer for answer in held if answer.done() and answer.exception()]
        assert all(isinstance(answer.exception(), SpoolFullError) for answer in failed)
        assert kept[-1].startswith("999x")
        cloud = status.destinations["cloud"]
        assert cloud.ended["expired"] == len(failed) > 0
        assert cloud.ended["expired"] + cloud.waiting_uplinks == status.spooled == 1000
        assert status.held_records * 3000 <= 100_000
        (disk / "ballast").unlink()


async def test_a_file_that_may_not_grow_delays_and_then_gets_everything(tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    async with Spool(tmp_path / "spool.db", {"cloud": "oldest"}, ROOMY) as spool:
        first = await spool.put(Kind.UPLINK, saying("before"))
        resource.setrlimit(resource.RLIMIT_FSIZE, (8192, hard))
        try:
            second = spool.submit(Kind.UPLINK, saying("meanwhile"))
            assert not (await spool.status()).durable
            assert not second.done()
            assert await waiting(spool) == ["before", "meanwhile"]
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert await second > first
        assert (await spool.status()).durable


@needs_root
def test_on_a_read_only_disk_it_starts_with_what_is_there(disk: Path) -> None:
    path = disk / "spool.db"
    keeper = Keeper(Shelf(path), {"cloud": "oldest"}, ROOMY, lambda: 1, now=0.0)
    keeper.put(Kind.UPLINK, saying("old"), now=0.0)
    keeper.close(now=0.0)
    remount(disk, "ro")
    keeper = Keeper(Shelf(path), {"cloud": "oldest"}, ROOMY, lambda: 1, now=0.0)
    new = keeper.put(Kind.UPLINK, saying("new"), now=0.0)
    keeper.commit(now=5.0)
    assert keeper.refusal
    rows = keeper.waiting("cloud", 0, keeper.log.head, 10)
    assert texts([row.body for row in rows]) == ["old", "new"]
    assert new - rows[0].number > 1_000_000  # what it gives out now may never reach the disk
    remount(disk, "rw")
    keeper.commit(now=10.0)
    assert keeper.refusal is None
    keeper.close(now=10.0)
    again = Keeper(Shelf(path), {"cloud": "oldest"}, ROOMY, lambda: 1, now=0.0)
    assert again.waiting("cloud", 0, again.log.head, 10) == rows
    assert again.status(now=0.0).set_aside == []


@needs_root
def test_numbers_given_out_on_a_read_only_disk_are_not_given_out_again(disk: Path) -> None:
    path = disk / "spool.db"
    Keeper(Shelf(path), {"cloud": "oldest"}, ROOMY, lambda: 1, now=0.0).close(now=0.0)
    given_out: set[tuple[str, int]] = set()
    for mode in ("ro", "ro", "rw", "ro"):
        remount(disk, mode)
        keeper = Keeper(Shelf(path), {"cloud": "oldest"}, ROOMY, lambda: 1, now=0.0)
        numbers = [keeper.put(Kind.UPLINK, saying("x"), now=0.0) for _ in range(50)]
        addresses = {(keeper.log.epoch, number) for number in numbers}
        assert not addresses & given_out
        given_out |= addresses
        keeper.shelf.close()  # dies without a last word


@needs_root
def test_a_damaged_file_on_a_full_disk_is_served_from_memory_until_there_is_room(
    disk: Path,
) -> None:
    path = disk / "spool.db"
    keeper = Keeper(Shelf(path), {"cloud": "oldest"}, ROOMY, lambda: 1, now=0.0)
    for n in range(100):
        keeper.put(Kind.UPLINK, saying(str(n)), now=0.0)
    keeper.close(now=0.0)
    path.write_bytes(bytes(100) + path.read_bytes()[100:])
    ballast = fill_up(disk)
    keeper = Keeper(Shelf(path), {"cloud": "oldest"}, ROOMY, lambda: 1, now=0.0)
    assert keeper.refusal
    assert len(keeper.waiting("cloud", 0, keeper.log.head, 1000)) == 100
    ballast.unlink()
    keeper.commit(now=60.0)
    assert keeper.refusal is None
    assert keeper.shelf.durable_head == keeper.log.head
    assert len(keeper.status(now=60.0).set_aside) == 1


async def test_the_file_stays_bounded_while_a_destination_is_dead(tmp_path: Path) -> None:
    path = tmp_path / "spool.db"
    bounds = Bounds(max_bytes=500_000, max_age_s=None, memory_bytes=100_000)
    async with Spool(path, {"cloud": "oldest", "dead": "oldest"}, bounds) as spool:
        for _ in range(30):
            answers = [spool.submit(Kind.UPLINK, saying("x" * 400)) for _ in range(200)]
            for answer in answers:
                await answer
            await spool.settle("cloud", [(1, spool.head)], Fate.DELIVERED)
        status = await spool.status()
    assert status.bytes <= bounds.max_bytes
    assert path.stat().st_size < 1.5 * bounds.max_bytes
    dead = status.destinations["dead"]
    assert dead.ended["expired"] + dead.waiting_uplinks == 6000
    assert status.destinations["cloud"].ended == {"delivered": 6000}


def test_messages_grow_too_old_also_while_nothing_new_comes(tmp_path: Path) -> None:
    wall_ms = [1_800_000_000_000]
    bounds = Bounds(max_bytes=50_000_000, max_age_s=86_400, memory_bytes=100_000)
    keeper = Keeper(
        Shelf(tmp_path / "spool.db"), {"cloud": "oldest"}, bounds, lambda: wall_ms[0], now=0.0
    )
    old = keeper.put(Kind.UPLINK, saying("old"), now=0.0)
    wall_ms[0] += 43_200_000
    young = keeper.put(Kind.UPLINK, saying("young"), now=43_200.0)
    keeper.commit(now=43_200.0)
    wall_ms[0] += 43_300_000
    keeper.commit(now=86_500.0)
    assert [row.number for row in keeper.waiting("cloud", 0, young, 10)] == [young]
    assert keeper.status(now=86_500.0).destinations["cloud"].ended == {"expired": 1}
    assert old < young


@needs_root
def test_records_settled_while_the_disk_refuses_are_not_dropped_a_second_time(disk: Path) -> None:
    bounds = Bounds(max_bytes=30_000, max_age_s=None, memory_bytes=500_000)
    keeper = Keeper(Shelf(disk / "spool.db"), {"cloud": "oldest"}, bounds, lambda: 1, now=0.0)
    for _ in range(8):
        keeper.put(Kind.UPLINK, saying("x" * 3000), now=0.0)
    keeper.commit(now=0.0)
    ballast = fill_up(disk)
    keeper.settle("cloud", [(1, 4)], Fate.DELIVERED)
    for _ in range(60):
        keeper.put(Kind.UPLINK, saying("x" * 3000), now=1.0)
        keeper.commit(now=1.0)
    assert keeper.refusal
    rows = keeper.waiting("cloud", 0, keeper.log.head, 1000)
    assert keeper.shelf.bytes == sum(row.size for row in rows)
    ballast.unlink()
    keeper.commit(now=60.0)
    assert keeper.waiting("cloud", 0, keeper.log.head, 1000) == rows
    status = keeper.status(now=60.0)
    cloud = status.destinations["cloud"]
    assert cloud.ended == {"delivered": 4, "expired": 64 - len(rows)}
    assert cloud.waiting_uplinks == len(rows)


async def test_a_second_process_is_told_that_the_spool_is_in_use(tmp_path: Path) -> None:
    script = (
        "import asyncio,sys;from pathlib import Path;from nap.spool.spool import Spool;"
        "from tests.simulators.spooling import ROOMY\n"
        "async def main():\n async with Spool(Path(sys.argv[1]), {}, ROOMY): pass\n"
        "asyncio.run(main())"
    )
    path = tmp_path / "spool.db"
    async with Spool(path, {"cloud": "oldest"}, ROOMY) as spool:
        await spool.put(Kind.UPLINK, saying("mine"))
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", script, path, stderr=asyncio.subprocess.PIPE
        )
        _, said = await process.communicate()
        assert process.returncode == 1
        assert b"SpoolInUseError" in said
        assert (await spool.status()).records == 1
