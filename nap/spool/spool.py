"""The spool on the event loop: a thread of its own does the blocking, in groups.

While one commit is being synced, what arrives queues up and goes into the next one together: a
lone message never waits for company, and under load a sync carries as many as came meanwhile.
"""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from types import TracebackType
from typing import Any, Final, NoReturn, Self

from nap.spool.bounds import Bounds
from nap.spool.cursors import Start
from nap.spool.keeper import Keeper
from nap.spool.ports import BodyBuilder, Fate, Kind, Record, SpoolFullError, SpoolStalledError
from nap.spool.shelf import Shelf
from nap.spool.status import SpoolStatus

_GROUP_LIMIT: Final = 500
"""Commands in one commit at the most: bounds what a commit has to write."""
_QUEUE_LIMIT: Final = 20_000
"""Commands that may wait for a disk that answers nothing at all; at 100 messages a second this is
three minutes, longer than the watchdog allows."""
_IDLE_S: Final = 1.0


_Answer = tuple[asyncio.Future[Any], Any]
"""A future with its result; an exception as result is raised."""


@dataclass(slots=True)
class _Command:
    """Work for the thread. `changes`: the answer waits for the commit."""

    work: Callable[[Keeper], Any]
    answer: asyncio.Future[Any]
    changes: bool
    is_put: bool = False


_Group = list[_Command | None]
"""What goes into one commit; None asks the thread to end after it."""


class Spool:
    """The outbound log and its intake. Use as `async with`; fits OutboundLog and Intake."""

    name = "spool"
    quiet_limit_s = 60.0

    def __init__(
        self,
        path: Path,
        destinations: Mapping[str, Start],
        bounds: Bounds,
        *,
        wall_ms: Callable[[], int] = lambda: int(datetime.now(UTC).timestamp() * 1000),
    ) -> None:
        self._path, self._destinations, self._bounds = path, dict(destinations), bounds
        self._wall_ms = wall_ms
        self._commands: queue.SimpleQueue[_Command | None] = queue.SimpleQueue()
        self._unsaved: dict[int, asyncio.Future[int]] = {}
        self._head = 0
        self._epoch = ""

    async def __aenter__(self) -> Self:
        """Open the file and start the thread.

        Raises:
            SpoolInUseError: another process owns the file.
        """
        self._loop = asyncio.get_running_loop()
        self._moved = asyncio.Event()
        opened: asyncio.Future[None] = self._loop.create_future()
        self._ended: asyncio.Future[None] = self._loop.create_future()
        threading.Thread(target=self._run, args=(opened,), name="spool", daemon=True).start()
        await opened
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Write what is still to write and give the file back."""
        self._commands.put(None)
        await self._ended

    async def run(self, beat: Callable[[], None]) -> NoReturn:
        """Be a service: see that the thread still answers; it ages and retries by itself."""
        while True:
            await self.status()
            beat()
            await asyncio.sleep(_IDLE_S)

    @property
    def epoch(self) -> str:
        """See OutboundLog."""
        return self._epoch

    @property
    def head(self) -> int:
        """See OutboundLog."""
        return self._head

    def submit(self, kind: Kind, build_body: BodyBuilder) -> asyncio.Future[int]:
        """See Intake."""
        if self._commands.qsize() >= _QUEUE_LIMIT:
            answer: asyncio.Future[int] = self._loop.create_future()
            answer.set_exception(SpoolStalledError("the disk does not answer"))
            return answer
        return self._ask(lambda k: k.put(kind, build_body, monotonic()), changes=True, is_put=True)

    async def put(self, kind: Kind, build_body: BodyBuilder) -> int:
        """Take a message; return its number once it can no longer be lost. See `submit`."""
        return await self.submit(kind, build_body)

    async def waiting(
        self, destination: str, *, after: int, through: int, limit: int
    ) -> list[Record]:
        """See OutboundLog."""
        rows = await self._ask(lambda k: k.waiting(destination, after, through, limit))
        return [row.record() for row in rows]

    async def count_waiting(self, destination: str) -> int:
        """See OutboundLog."""
        count = await self._ask(lambda k: k.log.cursors[destination].waiting_records)
        return int(count)

    async def settle(
        self,
        destination: str,
        ranges: Sequence[tuple[int, int]],
        fate: Fate,
        reason: str | None = None,
    ) -> None:
        """See OutboundLog."""
        kept = list(ranges)
        await self._ask(lambda k: k.settle(destination, kept, fate, reason), changes=True)

    async def beyond(self, number: int) -> None:
        """See OutboundLog."""
        while self._head <= number:
            await self._moved.wait()

    async def status(self) -> SpoolStatus:
        """What people and the console are shown."""
        status: SpoolStatus = await self._ask(lambda k: k.status(monotonic()))
        return status

    def remember(self, guest: str, values: dict[str, int]) -> None:
        """See Intake."""
        self._ask(lambda k: k.remember(guest, values), changes=True)

    async def recall(self, guest: str) -> dict[str, int]:
        """The counters that `remember` got last, as far as they were written."""
        values: dict[str, int] = await self._ask(lambda k: dict(k.log.guests.get(guest, {})))
        return values

    def _ask(
        self, work: Callable[[Keeper], Any], *, changes: bool = False, is_put: bool = False
    ) -> asyncio.Future[Any]:
        if self._ended.done():
            self._ended.result()
        answer: asyncio.Future[Any] = self._loop.create_future()
        self._commands.put(_Command(work, answer, changes, is_put))
        return answer

    # From here on: the thread.

    def _run(self, opened: asyncio.Future[None]) -> None:
        try:
            keeper = Keeper(
                Shelf(self._path), self._destinations, self._bounds, self._wall_ms, monotonic()
            )
        except BaseException as error:  # noqa: BLE001 - the loop's side has to know of any
            self._loop.call_soon_threadsafe(opened.set_exception, error)
            return
        self._publish(keeper, [(opened, None)])
        group: _Group = []
        try:
            while None not in group:
                group = self._next_group(_IDLE_S)
                self._work_off(keeper, group)
            keeper.close(monotonic())
        except BaseException as error:  # noqa: BLE001
            self._give_up(group, error)
        else:
            self._publish(keeper, [*self._saved(keeper), (self._ended, None)])

    def _next_group(self, patience_s: float) -> _Group:
        group: _Group = []
        with suppress(queue.Empty):
            group.append(self._commands.get(timeout=patience_s))
            while len(group) < _GROUP_LIMIT:
                group.append(self._commands.get_nowait())
        return group

    def _give_up(self, group: _Group, error: BaseException) -> None:
        """A bug: tell everyone who waits, so that the program ends instead of hanging."""
        waiting: list[asyncio.Future[Any]] = [self._ended, *self._unsaved.values()]
        while group:
            waiting += [command.answer for command in group if command is not None]
            group = self._next_group(patience_s=0.0)
        self._loop.call_soon_threadsafe(_answer, [(future, error) for future in waiting])

    def _work_off(self, keeper: Keeper, group: _Group) -> None:
        """Changes first, then one commit, then questions: these see only what is on disk."""
        commands = [command for command in group if command is not None]
        answers: list[_Answer] = []
        for command in (command for command in commands if command.changes):
            answers += self._do(keeper, command)
        keeper.commit(monotonic())
        for command in (command for command in commands if not command.changes):
            answers += self._do(keeper, command)
        self._publish(keeper, answers + self._saved(keeper))

    def _do(self, keeper: Keeper, command: _Command) -> list[_Answer]:
        try:
            result = command.work(keeper)
        except Exception as error:  # noqa: BLE001 - it is the caller's
            return [(command.answer, error)]
        if command.is_put:
            self._unsaved[result] = command.answer
            return []
        return [(command.answer, result)]

    def _saved(self, keeper: Keeper) -> list[_Answer]:
        dropped, keeper.dropped = set(keeper.dropped), []
        done: list[_Answer] = []
        for number, answer in list(self._unsaved.items()):
            if number in keeper.shelf.held:
                continue
            del self._unsaved[number]
            full = SpoolFullError(number) if number in dropped else None
            done.append((answer, full or number))
        return done

    def _publish(self, keeper: Keeper, answers: list[_Answer]) -> None:
        self._loop.call_soon_threadsafe(self._take_news, keeper.log.epoch, keeper.log.head, answers)

    # And back on the loop.

    def _take_news(self, epoch: str, head: int, answers: list[_Answer]) -> None:
        self._epoch = epoch
        if head != self._head:
            self._head = head
            self._moved.set()
            self._moved = asyncio.Event()
        _answer(answers)


def _answer(answers: list[_Answer]) -> None:
    for future, result in answers:
        if future.done():
            continue  # whoever asked was cancelled meanwhile
        if isinstance(result, BaseException):
            future.set_exception(result)
        else:
            future.set_result(result)
