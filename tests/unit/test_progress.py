"""The line that tells how far a long file is."""

from __future__ import annotations

from contextlib import suppress
from io import StringIO

from nap.cli.progress import EVERY_S, Progress


class Terminal(StringIO):
    """A simulated terminal that keeps what was written to it."""

    def isatty(self) -> bool:
        return True

    def screen(self) -> str:
        """What a person sees in the one line."""
        line = ""
        for part in self.getvalue().split("\r"):
            line = part + line[len(part) :]
        return line.rstrip()


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_it_tells_place_speed_and_what_was_found() -> None:
    terminal, clock = Terminal(), Clock()
    progress = Progress("nap decode", "messages", out=terminal, clock=clock)
    clock.now += 2.0
    progress.found = 27
    progress.show(30.0, 3600.0)
    assert terminal.screen() == "nap decode: 30 of 3600 s, 15.0 x real time, 27 messages"


def test_it_is_gone_at_the_end_also_after_an_error() -> None:
    terminal, clock = Terminal(), Clock()
    with (
        suppress(ZeroDivisionError),
        Progress("nap decode", "messages", out=terminal, clock=clock) as progress,
    ):
        clock.now += 2.0
        progress.show(30.0, 3600.0)
        assert terminal.screen()
        progress.found //= 0
    assert terminal.screen() == ""
    assert "\n" not in terminal.getvalue()


def test_a_shorter_line_leaves_nothing_of_a_longer_one() -> None:
    terminal, clock = Terminal(), Clock()
    progress = Progress("nap decode", "messages", out=terminal, clock=clock)
    for found in (1_000_000, 1):
        clock.now += EVERY_S
        progress.found = found
        progress.show(1.0, 2.0)
    assert terminal.screen().endswith(" 1 messages")


def test_it_does_not_write_more_often_than_a_person_reads() -> None:
    terminal, clock = Terminal(), Clock()
    progress = Progress("nap decode", "messages", out=terminal, clock=clock)
    for _ in range(1000):
        clock.now += EVERY_S / 100
        progress.show(1.0, 2.0)
    assert 5 <= terminal.getvalue().count("\r") <= 11


def test_a_file_or_a_pipe_gets_nothing() -> None:
    out, clock = StringIO(), Clock()
    with Progress("nap decode", "messages", out=out, clock=clock) as progress:
        clock.now += 10.0
        progress.show(1.0, 2.0)
    assert out.getvalue() == ""
