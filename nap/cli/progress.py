"""How far a long file is, on one line of a terminal; nothing where stderr is none."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from types import TracebackType
from typing import Final, Self, TextIO

EVERY_S: Final = 0.25


class Progress:
    """A line that is written over and over, and is gone at the end.

    Attributes:
        found: How many `noun` so far, for the line.
    """

    def __init__(
        self,
        name: str,
        noun: str,
        *,
        out: TextIO | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Begin now, by `clock`; on stderr where `out` is None."""
        self._name, self._noun, self._clock = name, noun, clock
        self._out = sys.stderr if out is None else out
        self._shown = self._out.isatty()
        self._began_at = clock()
        self._due_at = self._began_at + EVERY_S
        self._width = 0
        self.found = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.clear()

    def show(self, done_s: float, total_s: float) -> None:
        """Tell that so many seconds of the recording are done, now and then."""
        now = self._clock()
        if not self._shown or now < self._due_at:
            return
        self._due_at = now + EVERY_S
        speed = done_s / (now - self._began_at)
        self._write(
            f"{self._name}: {done_s:.0f} of {total_s:.0f} s, {speed:.1f} x real time, "
            f"{self.found} {self._noun}"
        )

    def clear(self) -> None:
        """Take the line away: something else is to be printed, or all is done."""
        if self._width:
            self._write("")
            self._out.write("\r")
            self._out.flush()
            self._width = 0

    def _write(self, line: str) -> None:
        # Spaces instead of an escape sequence: any terminal knows them.
        self._out.write("\r" + line.ljust(self._width))
        self._out.flush()
        self._width = len(line)
