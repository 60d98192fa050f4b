"""The worker's stdin: one line of settings, then commands until it is closed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Final

from radio.commands import Command, CommandReader, UnfitCommand

LONGEST_SETTINGS_BYTES: Final = 65_536
_CHUNK_BYTES: Final = 4_096


class CommandPipe:
    """Reads a descriptor and nothing else, so that no buffer above it swallows a command."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._rest = b""

    def settings(self) -> bytes:
        """Wait for the first line; cut where it is longer than any settings, or the pipe closed."""
        text = b""
        while b"\n" not in text and len(text) < LONGEST_SETTINGS_BYTES:
            if not (chunk := os.read(self._descriptor, _CHUNK_BYTES)):
                break
            text += chunk
        line, _, self._rest = text.partition(b"\n")
        return line

    def commands(self) -> Iterator[Command | UnfitCommand]:
        """Wait for commands and yield them until the pipe is closed."""
        reader = CommandReader()
        yield from reader.feed(self._rest)
        while chunk := os.read(self._descriptor, _CHUNK_BYTES):
            yield from reader.feed(chunk)
