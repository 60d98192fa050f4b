"""The one thread that writes: gathers entries into batches, commits, and never gives up."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from time import monotonic
from typing import Final, Generic, NoReturn, TypeVar

from cloud.errors import DatabaseRefusedError
from cloud.store.batch import Outcome
from cloud.store.commit import Committer
from cloud.store.entries import Entry, Refused

log = logging.getLogger(__name__)

RETRY_FIRST_S: Final = 0.2
RETRY_LONGEST_S: Final = 5.0

Token = TypeVar("Token")


@dataclass(frozen=True, slots=True)
class Ticket(Generic[Token]):
    """An entry with whatever its owner needs once it is committed."""

    entry: Entry
    token: Token


Committed = Callable[[Sequence[Ticket[Token]]], None]


@dataclass(slots=True)
class WriterState:
    """What health and metrics show; written by the thread, read by anyone."""

    refusing: str | None = None
    batches: int = 0
    failures: int = 0
    new_records: int = 0
    replayed_records: int = 0
    new_messages: int = 0
    refused: int = 0
    commit_s: float = 0.0

    def add(self, entries: Sequence[Entry], outcome: Outcome, commit_s: float) -> None:
        """Count a committed batch."""
        self.refusing = None
        self.batches += 1
        self.new_records += outcome.new_records
        self.replayed_records += outcome.replayed_records
        self.new_messages += outcome.new_messages
        self.refused += sum(isinstance(entry, Refused) for entry in entries)
        self.commit_s += commit_s


class Writer(Generic[Token]):
    """Commits entries in batches, in a thread of its own.

    Nothing is bounded here: whoever submits bounds what is in flight (Receive Maximum).

    Args:
        committer: Writes a batch.
        batch_rows: The most entries in one transaction.
        linger_s: How long the first entry of a batch waits for others.
        jitter: Uniform random number between its arguments.
    """

    def __init__(
        self,
        committer: Committer,
        *,
        batch_rows: int,
        linger_s: float,
        jitter: Callable[[float, float], float],
    ) -> None:
        self.state = WriterState()
        self._committer = committer
        self._batch_rows = batch_rows
        self._linger_s = linger_s
        self._jitter = jitter
        self._waiting: deque[Ticket[Token]] = deque()
        self._change = threading.Condition()
        self._stopping = threading.Event()

    @property
    def waiting(self) -> int:
        """Entries submitted but not committed, those of the present batch not counted."""
        return len(self._waiting)

    def submit(self, ticket: Ticket[Token]) -> None:
        """Queue an entry; the `committed` of `run` tells its end."""
        with self._change:
            self._waiting.append(ticket)
            self._change.notify()

    def withdraw(self, is_void: Callable[[Token], bool]) -> None:
        """Forget entries that wait and whose owner does not need them any more."""
        with self._change:
            kept = [ticket for ticket in self._waiting if not is_void(ticket.token)]
            self._waiting.clear()
            self._waiting.extend(kept)

    async def run(self, committed: Committed[Token]) -> NoReturn:
        """Write until cancelled; call `committed` on the loop after each commit.

        Entries that were not committed by then are forgotten: nobody was told that they were.
        """
        loop = asyncio.get_running_loop()

        def tell(tickets: Sequence[Ticket[Token]]) -> None:
            loop.call_soon_threadsafe(committed, tickets)

        with ThreadPoolExecutor(1, "store-writer") as executor:
            ended = loop.run_in_executor(executor, self._work, tell)
            try:
                await asyncio.shield(ended)
            finally:
                self._stopping.set()
                with self._change:
                    self._change.notify()
                await ended
        raise AssertionError("the writer's thread ended by itself")

    def _work(self, committed: Committed[Token]) -> None:
        while batch := self._gather():
            failures = 0
            while (entries := self._commit(batch)) is None:
                failures += 1
                longest_s = min(RETRY_FIRST_S * 2**failures, RETRY_LONGEST_S)
                if self._stopping.wait(self._jitter(0.0, longest_s)):
                    return
            committed(
                [Ticket(entry, ticket.token) for entry, ticket in zip(entries, batch, strict=True)]
            )

    def _gather(self) -> list[Ticket[Token]]:
        """Wait for the next batch; an empty one is the end."""
        with self._change:
            self._change.wait_for(lambda: self._waiting or self._stopping.is_set())
            self._change.wait_for(
                lambda: len(self._waiting) >= self._batch_rows or self._stopping.is_set(),
                self._linger_s,
            )
            if self._stopping.is_set():
                return []
            size = min(len(self._waiting), self._batch_rows)
            return [self._waiting.popleft() for _ in range(size)]

    def _commit(self, batch: Sequence[Ticket[Token]]) -> list[Entry] | None:
        began = monotonic()
        try:
            entries, outcome = self._committer.commit([ticket.entry for ticket in batch])
        except DatabaseRefusedError as error:
            self.state.failures += 1
            if self.state.refusing is None:
                log.warning("the database takes nothing, trying again: reason=%s", error)
            self.state.refusing = str(error)
            return None
        if self.state.refusing is not None:
            log.info("the database takes messages again")
        self.state.add(entries, outcome, monotonic() - began)
        return entries
