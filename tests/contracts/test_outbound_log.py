"""What relays rely on, with the log on disk and with a disk that refuses from the first moment."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from nap.spool.ports import Fate, Kind
from nap.spool.spool import Spool
from tests.simulators.spooling import ROOMY, body, saying


@pytest.fixture(params=["on disk", "disk refuses"])
async def log(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Spool]:
    folder = tmp_path if request.param == "on disk" else tmp_path / "not mounted"
    async with Spool(folder / "spool.db", {"cloud": "oldest", "mqtt": "oldest"}, ROOMY) as spool:
        yield spool


async def fill(log: Spool, count: int) -> list[int]:
    """Put without waiting for the disk: a disk that refuses never says that it is done."""
    before = log.head
    for _ in range(count):
        log.submit(Kind.UPLINK, body)
    await log.status()
    return list(range(log.head - count + 1, log.head + 1)) if log.head - count >= before else []


async def numbers(log: Spool, destination: str, after: int = 0) -> list[int]:
    found = await log.waiting(destination, after=after, through=log.head, limit=1000)
    return [record.number for record in found]


async def test_records_come_in_order_with_their_address_in_the_body(log: Spool) -> None:
    put = await fill(log, 5)
    records = await log.waiting("cloud", after=0, through=log.head, limit=1000)
    assert [record.number for record in records] == put
    assert all(f'"number": {r.number}'.encode() in r.body for r in records)
    assert all(log.epoch.encode() in r.body for r in records)
    assert {record.kind for record in records} == {Kind.UPLINK}


async def test_a_window_is_bounded_at_both_ends_and_in_size(log: Spool) -> None:
    put = await fill(log, 10)
    found = await log.waiting("cloud", after=put[1], through=put[7], limit=4)
    assert [record.number for record in found] == put[2:6]
    assert await log.waiting("cloud", after=put[-1], through=put[-1], limit=4) == []


async def test_a_destination_takes_from_both_ends_at_once(log: Spool) -> None:
    put = await fill(log, 10)
    await log.settle("cloud", [(put[0], put[2]), (put[8], put[9])], Fate.DELIVERED)
    assert await numbers(log, "cloud") == put[3:8]
    assert await log.count_waiting("cloud") == 5


async def test_one_destination_never_moves_another(log: Spool) -> None:
    put = await fill(log, 4)
    await log.settle("cloud", [(put[0], put[-1])], Fate.DELIVERED)
    assert await numbers(log, "mqtt") == put
    assert await log.count_waiting("cloud") == 0


async def test_acknowledgments_that_come_twice_or_for_nothing_change_nothing(log: Spool) -> None:
    put = await fill(log, 4)
    for _ in range(2):
        await log.settle("cloud", [(put[1], put[2]), (put[2], put[2])], Fate.DELIVERED)
    await log.settle("cloud", [(2**53 - 9, 2**53), (-5, 0)], Fate.DELIVERED)
    ended = (await log.status()).destinations["cloud"].ended
    assert ended["delivered"] == 2
    assert await numbers(log, "cloud") == [put[0], put[3]]


async def test_an_acknowledgment_of_the_future_settles_nothing_that_comes_later(log: Spool) -> None:
    await fill(log, 1)
    await log.settle("cloud", [(1, 2**53)], Fate.DELIVERED)
    later = await fill(log, 3)
    assert await numbers(log, "cloud") == later


async def test_waiting_for_the_head_ends_when_something_is_put(log: Spool) -> None:
    seen = log.head
    async with asyncio.timeout(5):
        async with asyncio.TaskGroup() as group:
            waiter = group.create_task(log.beyond(seen))
            await asyncio.sleep(0)
            assert not waiter.done()
            log.submit(Kind.UPLINK, body)
    assert log.head == seen + 1


async def test_what_cannot_be_put_is_the_callers_and_uses_up_no_number(log: Spool) -> None:
    (before,) = await fill(log, 1)
    with pytest.raises(ZeroDivisionError):
        await log.submit(Kind.UPLINK, lambda _, number: bytes(number // 0))
    with pytest.raises(ValueError, match="a record holds 3500"):
        await log.submit(Kind.UPLINK, lambda _, __: bytes(4000))
    assert await fill(log, 1) == [before + 1]


async def test_a_bug_in_the_thread_reaches_everyone_who_waits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    log = await Spool(tmp_path / "spool.db", {}, ROOMY).__aenter__()
    monkeypatch.setattr("nap.spool.keeper.Keeper._bring_up", broken)
    async with asyncio.timeout(5):
        with pytest.raises(ZeroDivisionError):
            await log.submit(Kind.UPLINK, body)
        with pytest.raises(ZeroDivisionError):
            await log.run(lambda: None)
        with pytest.raises(ZeroDivisionError):
            await log.__aexit__(None, None, None)


async def test_every_uplink_is_waiting_or_ended_for_every_destination(log: Spool) -> None:
    put = await fill(log, 20)
    log.submit(Kind.REPETITIONS, saying("later replicas"))
    await log.settle("cloud", [(put[0], put[9])], Fate.DELIVERED)
    await log.settle("cloud", [(put[5], put[14])], Fate.REFUSED, "not ours")
    status = await log.status()
    for destination in status.destinations.values():
        assert sum(destination.ended.values()) + destination.waiting_uplinks == status.spooled == 20
    assert status.destinations["cloud"].ended == {"delivered": 10, "refused": 5}
    assert status.destinations["cloud"].waiting_records == 6
