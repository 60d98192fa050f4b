"""Clips on their way to the disk, in a thread of their own: samples never wait for a disk."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from radio.blackbox.clip import ClipAbout
from radio.blackbox.files import PREFIX, clips_in
from radio.blackbox.reach import BYTES_PER_SAMPLE
from radio.blackbox.shelf import ClipTooLargeError, Shelf
from radio.events import ClipKept
from radio.iso_time import parse_iso_utc

log = logging.getLogger(__name__)

_WAITING: Final = 2
_FAREWELL_S: Final = 3.0


@dataclass(frozen=True, slots=True)
class Cut:
    """A clip to write; `id` of the command that asked for it."""

    id: str | None
    about: ClipAbout
    samples: bytes

    @property
    def seconds(self) -> float:
        """How long it is."""
        return len(self.samples) / BYTES_PER_SAMPLE[self.about.datatype] / self.about.rate_hz


class ClipWriter:
    """Writes clips one after the other, and says what became of each.

    Attributes:
        kept, failed: Counts of its life.
        problem: Why the last could not be written; None while all is well.
        clips, bytes: What the folder holds.
    """

    def __init__(self, folder: Path, max_bytes: int, tell: Callable[[ClipKept], None]) -> None:
        self._folder, self._tell = folder, tell
        self._shelf = Shelf(folder, max_bytes)
        self._cuts: queue.Queue[Cut | None] = queue.Queue(_WAITING)
        self._thread = threading.Thread(target=self._run, name="clips", daemon=True)
        self.kept = self.failed = self.clips = self.bytes = 0
        self.problem: str | None = None

    @property
    def removed(self) -> int:
        """Clips that made room for others."""
        return self._shelf.removed

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def put(self, cut: Cut) -> bool:
        """Hand over a clip; False: too many wait already."""
        try:
            self._cuts.put_nowait(cut)
        except queue.Full:
            return False
        return True

    def close(self) -> None:
        """Write what waits, unless the disk hangs."""
        try:
            self._cuts.put(None, timeout=_FAREWELL_S)
        except queue.Full:
            return
        self._thread.join(_FAREWELL_S)

    def _run(self) -> None:
        try:
            self._shelf.sweep()
        except OSError as error:
            self._failed(error)
        self._count()
        while (cut := self._cuts.get()) is not None:
            self._tell(self._write(cut))
            self._count()

    def _write(self, cut: Cut) -> ClipKept:
        try:
            name = self._shelf.unused(_name(cut.about))
            self._shelf.put(name, cut.about, cut.samples, datetime.now(UTC).timestamp())
        except ClipTooLargeError as error:
            return ClipKept(id=cut.id, name=None, seconds=cut.seconds, problem=str(error))
        except OSError as error:
            self._failed(error)
            return ClipKept(id=cut.id, name=None, seconds=cut.seconds, problem=self.problem)
        self.kept += 1
        self.problem = None
        return ClipKept(id=cut.id, name=name, seconds=cut.seconds)

    def _failed(self, error: OSError) -> None:
        problem = f"{self._folder}: {error.strerror}"
        if problem != self.problem:
            log.warning("clips cannot be written: %s", problem)
        self.problem = problem
        self.failed += 1

    def _count(self) -> None:
        clips = clips_in(self._folder)
        self.clips, self.bytes = len(clips), sum(clip.bytes for clip in clips)


def _name(about: ClipAbout) -> str:
    if about.started_utc is None:
        return f"{PREFIX}{about.kind}"
    return f"{PREFIX}{parse_iso_utc(about.started_utc):%Y%m%dT%H%M%SZ}-{about.kind}"
