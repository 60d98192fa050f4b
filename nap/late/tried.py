"""Which version of the software has tried which clip, kept over restarts."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from pathlib import Path

import msgspec

from nap.durable_file import replace_file

_log = logging.getLogger(__name__)

_LARGEST_BYTES = 10_000_000


class TriedClips:
    """A small file; where it is lost, clips are decoded once more."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> dict[str, str]:
        """Version by name of the clip."""
        try:
            with self._path.open("rb") as file:
                return msgspec.json.decode(file.read(_LARGEST_BYTES), type=dict[str, str])
        except FileNotFoundError:
            return {}
        except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
            _log.warning("clips are decoded once more: %s: %s", self._path, error)
            return {}

    def note(self, name: str, version: str, existing: Iterable[str]) -> None:
        """This version has tried this clip; forget those that are no more."""
        there = set(existing)
        tried = {one: by for one, by in self.read().items() if one in there} | {name: version}
        try:
            replace_file(self._path, msgspec.json.encode(tried))
        except OSError as error:
            _log.warning("clips will be decoded once more: %s: %s", self._path, error.strerror)
