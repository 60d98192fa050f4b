"""The gateway and its radio worker: real processes and pipes; what the worker says is scripted."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest

from nap.radio_link import RadioLink
from nap.runtime.service import RecoverableError
from radio.commands import Transmit
from radio.events import DownlinkEvent, DownlinkRefused, FrameHeard
from radio.settings import SimulatorSettings, WorkerSettings

SETTINGS = WorkerSettings(front_end=SimulatorSettings(devices=0))


class Notes:
    """Writes down what it is told."""

    def __init__(self) -> None:
        self.said: list[object] = []
        self.more = asyncio.Event()

    def worker_started(self) -> None:
        self._note("started")

    def frame(self, frame: FrameHeard, *, simulated: bool) -> None:
        self._note((frame.number, simulated))

    def worker_ended(self, frames: int) -> None:
        self._note(("ended", frames))

    def _note(self, what: object) -> None:
        self.said.append(what)
        self.more.set()

    async def until(self, what: object) -> None:
        async with asyncio.timeout(20):
            while what not in self.said:
                self.more.clear()
                await self.more.wait()


def link_with(notes: Notes, *script: str) -> RadioLink:
    command = [sys.executable, "-m", "tests.simulators.worker_script", *script]
    return RadioLink(SETTINGS, notes, command)


@asynccontextmanager
async def running(link: RadioLink) -> AsyncIterator[None]:
    async with asyncio.TaskGroup() as group:
        task = group.create_task(link.run(lambda: None))
        yield
        task.cancel()


async def test_frames_arrive_in_order_and_the_receiver_is_described() -> None:
    notes = Notes()
    link = link_with(notes, "open", "frames", "1", "2", "stats", "2", "frame", "3")
    async with running(link):
        await notes.until((3, True))
        status = link.status()
    assert notes.said == ["started", (1, True), (2, True), (3, True), ("ended", 2)]
    assert status.stats is not None
    assert (status.state, status.part, status.simulated) == ("receiving", "script", True)


@pytest.mark.parametrize(
    ("script", "said"),
    [
        (["open", "die", "3"], "the radio worker ended"),
        (["open", "fail", "no dongle", "die", "1"], "no dongle"),
        (["open", "line", "Traceback"], "something else than an event"),
        (["line", "x" * 100_000], "endless line"),
        (["line", '{"type":"frame","number":1}'], "missing required field"),
    ],
)
async def test_a_worker_that_dies_or_talks_nonsense_is_reported(
    script: list[str], said: str
) -> None:
    notes = Notes()
    with pytest.raises(RecoverableError, match=said):
        async with asyncio.timeout(20):
            await link_with(notes, *script).run(lambda: None)
    assert notes.said[-1] == ("ended", 0)


async def test_a_worker_that_cannot_be_started_is_reported() -> None:
    link = RadioLink(SETTINGS, Notes(), ["/no/such/program"])
    with pytest.raises(RecoverableError, match="cannot be started"):
        await link.run(lambda: None)


async def test_a_worker_that_hangs_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nap.radio_link._START_S", 0.5)
    with pytest.raises(RecoverableError, match="said nothing for"):
        async with asyncio.timeout(20):
            await link_with(Notes(), "sleep", "60").run(lambda: None)


async def test_a_front_end_that_fails_is_shown_while_the_worker_tries_again() -> None:
    notes = Notes()
    link = link_with(notes, "open", "fail", "no dongle", "frame", "1", "sleep", "60")
    async with running(link):
        await notes.until((1, True))
        status = link.status()
    assert (status.state, status.problem) == ("failed", "no dongle")


class DownlinkNotes(Notes):
    """Writes down what it is told of downlinks, too."""

    def radio_said(self, event: DownlinkEvent) -> None:
        self._note(event)

    def heard(self, frame: FrameHeard, *, simulated: bool) -> None:
        self._note(("heard", frame.number, simulated))

    def radio_lost(self) -> None:
        self._note("lost")


async def test_commands_reach_the_worker_and_its_answers_come_back() -> None:
    notes = DownlinkNotes()
    script = ["open", "frame", "1", "answer", "frame", "2", "fail", "no dongle", "sleep", "60"]
    command = [sys.executable, "-m", "tests.simulators.worker_script", *script]
    link = RadioLink(SETTINGS, notes, command, notes)
    asked = Transmit(id="c1", device_id="0" * 8, seq_number=1, payload="ab" * 8, tag="beef")
    assert not link.send(asked)
    async with running(link):
        await notes.until(("heard", 1, True))
        assert link.send(asked)
        await notes.until("lost")
    refused = DownlinkRefused(id="c1", reason="script", detail="ab" * 8)
    after_start = notes.said[notes.said.index(refused) :]
    assert after_start[:4] == [refused, (2, True), ("heard", 2, True), "lost"]
    assert not link.send(asked)


async def test_a_recording_that_ended_is_no_failure() -> None:
    notes = Notes()
    link = link_with(notes, "open", "frame", "1", "end", "die", "0")
    async with running(link):
        await notes.until(("ended", 0))
        await asyncio.sleep(0.05)
        assert link.status().state == "ended"


async def test_no_worker_outlives_the_link() -> None:
    notes = Notes()
    link = link_with(notes, "open", "frame", "1")
    others = await asyncio.to_thread(_children)  # servers that other tests share
    async with running(link):
        await notes.until((1, True))
        (worker,) = await asyncio.to_thread(_children) - others
    assert not os.path.exists(f"/proc/{worker}")  # noqa: ASYNC240, PTH110


def _children() -> set[str]:
    with open(f"/proc/self/task/{os.getpid()}/children") as file:  # noqa: PTH123
        return set(file.read().split())


async def test_a_stop_while_a_dying_worker_is_heard_out_leaves_none_behind() -> None:
    notes = Notes()
    # It says nonsense and then neither reads nor ends: the link is already ending it when we stop.
    link = link_with(notes, "open", "frame", "1", "line", "nonsense", "sleep", "60")
    others = await asyncio.to_thread(_children)
    with suppress(ExceptionGroup):
        async with running(link):
            await notes.until((1, True))
            (worker,) = await asyncio.to_thread(_children) - others
            await asyncio.sleep(0.5)
    assert not os.path.exists(f"/proc/{worker}")  # noqa: ASYNC240, PTH110
