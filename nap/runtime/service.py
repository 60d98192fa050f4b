"""What a supervised part of a program is, and which of its failures may be retried."""

from __future__ import annotations

from collections.abc import Callable
from typing import NoReturn, Protocol


class RecoverableError(Exception):
    """The world failed (link down, part gone, disk full): trying again later may help."""


class Service(Protocol):
    """A part of a program that runs until it is cancelled."""

    @property
    def name(self) -> str:
        """Short name for logs and status."""
        ...

    @property
    def quiet_limit_s(self) -> float:
        """The longest time between two beats before the program counts as hung."""
        ...

    async def run(self, beat: Callable[[], None]) -> NoReturn:
        """Work until cancelled; call `beat` whenever progress was made or none was due.

        Raises:
            RecoverableError: start me again after a while; anything else is a bug.
        """
        ...
