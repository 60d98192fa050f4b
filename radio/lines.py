"""Lines out of a stream of bytes, of bounded length."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Overlong:
    """Stands for a line that was longer than allowed; its bytes are gone."""


class Lines:
    """Cuts bytes at line feeds; never holds more than one line of `limit` bytes and one chunk."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._rest = b""
        self._skipping = False

    def feed(self, data: bytes) -> list[bytes | Overlong]:
        """Take what was read; return the lines that it completed, without their line feeds."""
        *complete, self._rest = (self._rest + data).split(b"\n")
        found: list[bytes | Overlong] = [self._checked(line) for line in complete]
        if len(self._rest) > self._limit:
            self._rest, self._skipping = b"", True
        return found

    @property
    def rest(self) -> bytes:
        """What came after the last line feed."""
        return self._rest

    def _checked(self, line: bytes) -> bytes | Overlong:
        overlong = self._skipping or len(line) > self._limit
        self._skipping = False
        return Overlong() if overlong else line
