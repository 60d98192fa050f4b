"""A spool file with flipped bits, torn ends and other people's content in it."""

from __future__ import annotations

import json
import logging
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nap.spool.bounds import Bounds
from nap.spool.keeper import Keeper
from nap.spool.ports import Fate, Kind
from nap.spool.shelf import Shelf
from nap.spool.spool import Spool
from tests.simulators.spooling import ROOMY, saying

RECORDS = 120


def keeper_of(path: Path, bounds: Bounds = ROOMY) -> Keeper:
    return Keeper(Shelf(path), {"cloud": "oldest"}, bounds, lambda: 1_800_000_000_000, now=0.0)


def fill(path: Path, *, close: bool = True) -> dict[int, bytes]:
    """A file in which the first third is settled; what should still be waiting."""
    keeper = keeper_of(path)
    put = [keeper.put(Kind.UPLINK, saying("x" * 200), now=0.0) for _ in range(RECORDS)]
    keeper.commit(now=0.0)
    keeper.settle("cloud", [(put[0], put[RECORDS // 3 - 1])], Fate.DELIVERED)
    keeper.commit(now=0.0)
    rows = keeper.waiting("cloud", 0, keeper.log.head, 1000)
    if close:
        keeper.close(now=0.0)
    else:
        keeper.shelf._file._db.close()  # type: ignore[union-attr]  # a death without a last word
    return {row.number: row.body for row in rows}


def waiting(keeper: Keeper) -> dict[int, bytes]:
    return {row.number: row.body for row in keeper.waiting("cloud", 0, keeper.log.head, 10_000)}


@pytest.fixture(scope="module")
def intact(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, dict[int, bytes]]:
    path = tmp_path_factory.mktemp("intact") / "spool.db"
    expected = fill(path)
    return path.read_bytes(), expected


@pytest.fixture(autouse=True)
def no_log_lines() -> None:
    logging.getLogger("nap.spool").setLevel(logging.CRITICAL)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.floats(0, 1, exclude_max=True), min_size=1, max_size=12))
def test_flipped_bits_never_stop_it_and_never_show_a_wrong_record(
    intact: tuple[bytes, dict[int, bytes]], places: list[float]
) -> None:
    content, expected = bytearray(intact[0]), intact[1]
    for place in places:
        bit = int(place * 8 * len(content))
        content[bit // 8] ^= 1 << bit % 8
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "spool.db"
        path.write_bytes(content)
        keeper = keeper_of(path)
        found = waiting(keeper)
        assert all(expected.get(number, body) == body for number, body in found.items())
        # A flip spoils the row it hits and at most the page whose directory it hits.
        assert len(expected.keys() - found.keys()) <= 20 * len(places)
        again = keeper.put(Kind.UPLINK, saying("life goes on"), now=10.0)
        keeper.commit(now=10.0)
        keeper.close(now=10.0)
        assert again > max(expected)
        assert again in waiting(keeper_of(path))


@settings(max_examples=25, deadline=None)
@given(st.floats(0, 1))
def test_a_file_cut_short_keeps_what_is_left(
    intact: tuple[bytes, dict[int, bytes]], share: float
) -> None:
    content, expected = intact
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "spool.db"
        path.write_bytes(content[: int(share * len(content))])
        found = waiting(keeper_of(path))
    assert found.items() <= expected.items() or not found.keys() & expected.keys()


@pytest.mark.parametrize("content", [b"", b"not a database\n" * 500, bytes(20_000), b"SQLite"])
def test_anything_in_its_place_gives_a_working_spool(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "spool.db"
    path.write_bytes(content)
    keeper = keeper_of(path)
    number = keeper.put(Kind.UPLINK, saying("hello"), now=0.0)
    keeper.commit(now=0.0)
    assert keeper.refusal is None
    assert keeper.shelf.durable_head == number


def test_the_damaged_file_is_kept_and_the_rest_keeps_its_numbers(tmp_path: Path) -> None:
    path = tmp_path / "spool.db"
    expected = fill(path)
    epoch = json.loads(next(iter(expected.values())))["epoch"]
    content = bytearray(path.read_bytes())
    victim = max(expected)
    at = content.rfind(f'"number": {victim}'.encode())
    content[at + 12] ^= 1
    path.write_bytes(content)
    keeper = keeper_of(path)
    assert waiting(keeper) == {n: body for n, body in expected.items() if n != victim}
    assert keeper.log.epoch == epoch
    status = keeper.status(now=0.0)
    assert len(status.set_aside) == 1
    assert (tmp_path / status.set_aside[0]).read_bytes() == bytes(content)
    cloud = status.destinations["cloud"]
    assert cloud.ended == {"delivered": RECORDS // 3, "lost": 1}
    assert sum(cloud.ended.values()) + cloud.waiting_uplinks == status.spooled == RECORDS


def test_records_that_vanished_without_a_trace_are_missed_and_counted(tmp_path: Path) -> None:
    path = tmp_path / "spool.db"
    expected = fill(path)
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("DELETE FROM records WHERE number % 10 = 0")
        db.execute("VACUUM")
    keeper = keeper_of(path)
    found = waiting(keeper)
    assert found == {number: body for number, body in expected.items() if number % 10}
    status = keeper.status(now=0.0)
    assert len(status.set_aside) == 1
    cloud = status.destinations["cloud"]
    assert cloud.ended["lost"] == len(expected) - len(found) > 0
    assert sum(cloud.ended.values()) + cloud.waiting_uplinks == status.spooled


def test_every_commit_is_synced(tmp_path: Path) -> None:
    # What a power cut would show, and a kill cannot: 2 is FULL, a sync of the log per commit.
    keeper = keeper_of(tmp_path / "spool.db")
    assert keeper.shelf._file._db.execute("PRAGMA synchronous").fetchone() == (2,)  # type: ignore[union-attr]


def test_records_still_in_the_write_ahead_log_are_saved_too(tmp_path: Path) -> None:
    path = tmp_path / "spool.db"
    keeper = keeper_of(path)
    numbers = [keeper.put(Kind.UPLINK, saying(str(n)), now=0.0) for n in range(50)]
    keeper.commit(now=0.0)
    crash = tmp_path / "crash"
    crash.mkdir()
    for name in ("spool.db", "spool.db-wal"):
        (crash / name).write_bytes((tmp_path / name).read_bytes())
    content = bytearray((crash / "spool.db").read_bytes())
    content[:100] = bytes(100)
    (crash / "spool.db").write_bytes(content)
    assert list(waiting(keeper_of(crash / "spool.db"))) == numbers


def test_at_most_three_damaged_files_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "spool.db"
    for ms in range(6):
        path.write_bytes(b"garbage" * 1000)
        keeper = Keeper(Shelf(path), {"cloud": "oldest"}, ROOMY, lambda ms=ms: ms, now=0.0)  # type: ignore[misc]
        keeper.close(now=0.0)
    kept = [file.name for file in sorted(tmp_path.glob("*damaged*"))]
    assert [name[-8:] for name in kept] == [".003Z.db", ".004Z.db", ".005Z.db"]


@pytest.mark.parametrize("moment", ["old file still there", "old file already aside"])
def test_a_death_while_the_file_is_replaced_loses_nothing(tmp_path: Path, moment: str) -> None:
    path = tmp_path / "spool.db"
    expected = fill(path)
    new = tmp_path / "spool.db.new"
    if moment == "old file already aside":
        path.rename(new)
    else:
        new.write_bytes(path.read_bytes()[:8192])
    assert waiting(keeper_of(path)) == expected


async def test_damage_found_while_running_costs_only_what_is_damaged(tmp_path: Path) -> None:
    path = tmp_path / "spool.db"
    async with Spool(path, {"cloud": "oldest"}, ROOMY) as spool:
        # More than the engine keeps in its cache, so that it reads the file again.
        answers = [spool.submit(Kind.UPLINK, saying(f"<{n}>{'x' * 400}")) for n in range(9000)]
        numbers = [await answer for answer in answers]
        content = path.read_bytes()
        assert b"<150>" in content
        path.write_bytes(content.replace(b"<150>", b"<!50>"))
        records = await spool.waiting("cloud", after=0, through=spool.head, limit=10_000)
        later = await spool.put(Kind.UPLINK, saying("after"))
        status = await spool.status()
    assert [record.number for record in records] == [n for n in numbers if n != numbers[150]]
    assert later > numbers[-1]
    assert len(status.set_aside) == 1
    assert status.destinations["cloud"].ended == {"lost": 1}
    assert status.durable
