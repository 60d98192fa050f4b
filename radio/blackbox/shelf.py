"""The folder of clips: whole pairs of files only, never more than the budget.

A clip is there when its metadata is; that comes last, and both files get their names only when they
are whole and on disk. What a crash left behind is swept away.
"""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Final

from radio.blackbox.clip import ClipAbout, metadata
from radio.blackbox.files import (
    DATA_SUFFIX,
    META_SUFFIX,
    PREFIX,
    Clip,
    ClipFacts,
    clips_in,
    stem,
)
from radio.blackbox.reach import BYTES_PER_SAMPLE

LEFT_FREE_BYTES: Final = 50_000_000
"""Of the disk: clips are worth less than the messages that may have to wait on it."""
_ASIDE_SUFFIX: Final = ".part"


class ClipTooLargeError(Exception):
    """The clip does not fit the budget, or all others are worth more."""


class Shelf:
    """Belongs to one writer; anybody may list."""

    def __init__(
        self, folder: Path, max_bytes: int, *, left_free_bytes: int = LEFT_FREE_BYTES
    ) -> None:
        self._folder, self._max_bytes = folder, max_bytes
        self._left_free_bytes = left_free_bytes
        self.removed = 0

    def sweep(self) -> None:
        """Make the folder and remove what a crash left behind.

        Raises:
            OSError: it cannot be made or read.
        """
        self._folder.mkdir(mode=0o750, parents=True, exist_ok=True)
        for path in list(self._folder.glob(f"{PREFIX}*")):
            orphan = path.name.endswith(DATA_SUFFIX) and not self._meta(stem(path)).exists()
            if path.name.endswith(_ASIDE_SUFFIX) or orphan:
                path.unlink(missing_ok=True)
        self._make_room(0)

    def put(self, name: str, about: ClipAbout, samples: bytes, now_s: float) -> None:
        """Write a clip; make room for it before.

        Raises:
            ClipTooLargeError: there is no room that is worth it.
            OSError: the disk refused; nothing of the clip is left.
        """
        count = len(samples) // BYTES_PER_SAMPLE[about.datatype]
        meta = metadata(about, hashlib.sha512(samples).hexdigest(), count)
        facts = ClipFacts(kind=about.kind, snr_db=about.snr_db)
        self._make_room(len(samples) + len(meta), Clip(name, 0, now_s, facts))
        try:
            self._leave_room(len(samples) + len(meta))
            _write(self._folder / (name + DATA_SUFFIX), samples)
            _write(self._meta(name), meta)
            _sync(self._folder)
        except OSError:
            self._remove(name)
            raise

    def unused(self, name: str) -> str:
        """The name, or one like it that no clip has."""
        free = (
            one
            for one in (name, *(f"{name}-{number}" for number in range(2, 1000)))
            if not self._meta(one).exists()
        )
        return next(free, name)

    def _make_room(self, wanted: int, newcomer: Clip | None = None) -> None:
        clips = sorted(clips_in(self._folder), key=lambda clip: clip.worth)
        excess = sum(clip.bytes for clip in clips) + wanted - self._max_bytes
        victims = list(_least(clips, excess))
        if newcomer and (
            wanted > self._max_bytes or any(v.worth > newcomer.worth for v in victims)
        ):
            msg = f"{wanted} bytes of {self._max_bytes} are not free for it"
            raise ClipTooLargeError(msg)
        for clip in victims:
            self._remove(clip.name)
            self.removed += 1

    def _leave_room(self, wanted: int) -> None:
        disk = os.statvfs(self._folder)
        if disk.f_bavail * disk.f_frsize < wanted + self._left_free_bytes:
            text = f"less than {self._left_free_bytes // 1_000_000} MB would be left free"
            raise OSError(errno.ENOSPC, text)

    def _remove(self, name: str) -> None:
        # The metadata first: without it the samples are no clip any more.
        for path in (self._meta(name), self._folder / (name + DATA_SUFFIX)):
            with suppress(OSError):
                path.unlink(missing_ok=True)

    def _meta(self, name: str) -> Path:
        return self._folder / (name + META_SUFFIX)


def _least(clips: Iterable[Clip], excess: int) -> Iterable[Clip]:
    """The first clips that together are as large as what is too much."""
    for clip in clips:
        if excess <= 0:
            return
        excess -= clip.bytes
        yield clip


def _write(path: Path, content: bytes) -> None:
    """Write aside, sync, rename."""
    aside = path.with_name(path.name + _ASIDE_SUFFIX)
    try:
        with aside.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
    except OSError:
        with suppress(OSError):
            aside.unlink(missing_ok=True)
        raise


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
