from __future__ import annotations

import asyncio
from typing import NoReturn

import pytest

from cloud.errors import BrokerLostError
from cloud.runtime.supervise import supervise


class Flaky:
    name = "flaky"

    def __init__(self, *failures: Exception) -> None:
        self.failures = list(failures)
        self.runs = 0

    async def run(self) -> NoReturn:
        self.runs += 1
        if self.failures:
            raise self.failures.pop(0)
        await asyncio.Event().wait()
        raise AssertionError


def at_once(_least: float, _most: float) -> float:
    return 0.0


async def test_what_the_world_broke_is_tried_again_and_a_bug_is_not() -> None:
    service = Flaky(BrokerLostError("gone"), BrokerLostError("gone"), ZeroDivisionError())
    with pytest.raises(ZeroDivisionError):
        await supervise(service, at_once)
    assert service.runs == 3


async def test_pauses_grow_up_to_a_limit() -> None:
    asked: list[float] = []

    def note(_least: float, most: float) -> float:
        asked.append(most)
        return 0.0

    service = Flaky(*[BrokerLostError("gone")] * 10, ZeroDivisionError())
    with pytest.raises(ZeroDivisionError):
        await supervise(service, note)
    assert asked == [0.5, 1, 2, 4, 8, 16, 30, 30, 30, 30]
