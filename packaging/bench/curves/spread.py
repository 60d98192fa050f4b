"""Spread independent pieces of a simulation over the cores."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from multiprocessing import get_context
from typing import TypeVar

Task = TypeVar("Task")
Result = TypeVar("Result")


def spread(
    work: Callable[[Task], Result], tasks: Sequence[Task], *, jobs: int, name: str
) -> Iterator[Result]:
    """Results in the order of the tasks; each task brings its own seed, so `jobs` changes none.

    Args:
        work: A function of a module, for the processes to find.
        tasks: What it is called with, one by one.
        jobs: Processes; 1 stays in this one.
        name: For the progress on stderr.
    """
    if jobs == 1:
        yield from map(work, tasks)
        return
    with get_context("spawn").Pool(jobs) as pool:
        for number, result in enumerate(pool.imap(work, tasks), start=1):
            _tell(f"\r{name}: {number} of {len(tasks)} ")
            yield result
    _tell("\n")


def _tell(text: str) -> None:
    if sys.stderr.isatty():
        sys.stderr.write(text)
        sys.stderr.flush()
