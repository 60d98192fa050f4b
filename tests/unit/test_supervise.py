"""Services that fail, hang, are wrong, and stop in order."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import NoReturn

import pytest

from nap.runtime.pulse import Pulse
from nap.runtime.restart import RestartPolicy, Restarts
from nap.runtime.service import RecoverableError
from nap.runtime.supervise import Stage, run_stages

AT_ONCE = RestartPolicy(lambda: 0.0)


class Fails:
    """Fails with each given error in turn, then works."""

    name = "fails"
    quiet_limit_s = 5.0

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.working = asyncio.Event()

    async def run(self, beat: Callable[[], None]) -> NoReturn:
        if self.errors:
            raise self.errors.pop(0)
        beat()
        self.working.set()
        await asyncio.Event().wait()
        raise AssertionError


class Works:
    """Notes when it began and ended."""

    quiet_limit_s = 5.0

    def __init__(self, name: str, diary: list[str]) -> None:
        self.name = name
        self.diary = diary

    async def run(self, beat: Callable[[], None]) -> NoReturn:
        self.diary.append(f"{self.name} begins")
        try:
            while True:
                beat()
                await asyncio.sleep(0.001)
        finally:
            self.diary.append(f"{self.name} ends")


async def test_what_the_world_broke_starts_again_alone() -> None:
    fails, diary, stop = Fails(*[RecoverableError("link down")] * 3), [], asyncio.Event()
    stages = [Stage([fails, Works("other", diary)])]
    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        group.create_task(run_stages(stages, AT_ONCE, Pulse(), stop))
        await fails.working.wait()
        assert diary == ["other begins"]
        stop.set()
    assert diary == ["other begins", "other ends"]


async def test_a_bug_ends_them_all() -> None:
    diary: list[str] = []
    stages = [Stage([Fails(RecoverableError(""), ZeroDivisionError())]), Stage([Works("o", diary)])]
    with pytest.RaisesGroup(ZeroDivisionError):
        await run_stages(stages, AT_ONCE, Pulse(), asyncio.Event())
    assert diary[-1] == "o ends"


async def test_a_stop_goes_along_the_data_path_and_gives_the_last_stage_its_time() -> None:
    diary: list[str] = []
    stop = asyncio.Event()

    async def deliver_the_rest() -> None:
        diary.append("rest delivered")

    async def never_done() -> None:
        await asyncio.Event().wait()

    stages = [
        Stage([Works("receiver", diary)]),
        Stage([Works("spool", diary)], deliver_the_rest, 1.0),
        Stage([Works("relay", diary)], never_done, 0.01),
    ]
    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        group.create_task(run_stages(stages, AT_ONCE, Pulse(), stop))
        await asyncio.sleep(0.01)
        stop.set()
    assert diary[3:] == ["receiver ends", "rest delivered", "spool ends", "relay ends"]


def test_delays_grow_to_a_ceiling_and_fall_back_after_a_stable_time() -> None:
    restarts = Restarts(RestartPolicy(lambda: 1.0, first_s=1.0, longest_s=8.0, stable_s=60.0))
    assert [restarts.after(0.0) for _ in range(5)] == [1.0, 2.0, 4.0, 8.0, 8.0]
    assert restarts.after(60.0) == 1.0
    assert Restarts(RestartPolicy(lambda: 0.25, first_s=4.0)).after(0.0) == 1.0


def test_only_a_service_that_is_quiet_for_too_long_counts_as_hung() -> None:
    pulse = Pulse()
    pulse.join("radio", 10.0, now=0.0)
    pulse.join("spool", 60.0, now=0.0)
    assert pulse.hung(now=10.0) == []
    assert pulse.hung(now=10.1) == ["radio"]
    pulse.beat("radio", now=10.2)
    assert pulse.hung(now=15.0) == []
    pulse.fell("radio", "no dongle", again_at=40.0)
    assert pulse.hung(now=49.0) == []
    assert pulse.down() == {"radio": "no dongle"}
    assert pulse.hung(now=61.0) == ["radio", "spool"]
    pulse.leave("radio")
    assert pulse.hung(now=61.0) == ["spool"]
