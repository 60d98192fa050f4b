from __future__ import annotations

import asyncio

import pytest

from cloud.web.live import BEHIND_AT_MOST, Viewer


async def test_a_viewer_gets_what_was_given_in_order() -> None:
    viewer = Viewer()
    for number in range(3):
        viewer.give(number, b"%d" % number)
    assert await viewer.take() == [(0, b"0"), (1, b"1"), (2, b"2")]
    async with asyncio.TaskGroup() as group:
        taking = group.create_task(viewer.take())
        await asyncio.sleep(0)
        viewer.give(3, b"3")
    assert taking.result() == [(3, b"3")]


async def test_a_viewer_that_takes_nothing_is_let_go_and_holds_no_memory() -> None:
    viewer = Viewer()
    for number in range(10 * BEHIND_AT_MOST):
        viewer.give(number, b"x")
    assert viewer.overrun
    assert len(viewer._events) <= 2 * BEHIND_AT_MOST
    assert await viewer.take() == []


@pytest.mark.parametrize("queued", [0, 2])
async def test_closing_ends_the_stream_after_what_is_queued(queued: int) -> None:
    viewer = Viewer()
    for number in range(queued):
        viewer.give(number, b"x")
    viewer.close()
    assert len(await viewer.take()) == queued
    assert await viewer.take() == []
