"""The folder of clips: whole pairs of files only, never more than the budget.

A clip is there when its metadata is; that comes last, and both files get their names only when they
are whole and on disk. What a crash left behind is swept away.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from radio.blackbox.clip import ClipAbout, ClipFacts, metadata, read_facts
from radio.frontend.sigmf import DATA_SUFFIX, META_SUFFIX

PREFIX: Final = "clip-"
"""Of all names here; what is called otherwise is somebody else's and not touched."""
_ASIDE_SUFFIX: Final = ".part"
_LARGEST_META_BYTES: Final = 1_000_000
# A clip of 20 dB is forgotten after a week for one of 6 dB that is new.
_DB_PER_DAY: Final = 2.0
_DAY_S: Final = 86_400.0


@dataclass(frozen=True, slots=True)
class Clip:
    """One clip on disk.

    Attributes:
        name: Of both files, without suffix.
        bytes: Of both.
        modified_s: When it was written, s since 1970.
    """

    name: str
    bytes: int
    modified_s: float
    facts: ClipFacts

    @property
    def worth(self) -> tuple[bool, float]:
        """Clips of less worth go first: undecoded before asked for, weak and old before others."""
        asked_for = self.facts.kind == "kept"
        strength = 0.0 if asked_for else self.facts.snr_db
        return asked_for, strength + _DB_PER_DAY * self.modified_s / _DAY_S


class ClipTooLargeError(Exception):
    """The clip does not fit the budget, or all others are worth more."""


class Shelf:
    """Belongs to one writer; anybody may list."""

    def __init__(self, folder: Path, max_bytes: int) -> None:
        self._folder, self._max_bytes = folder, max_bytes
        self.removed = 0

    def sweep(self) -> None:
        """Make the folder and remove what a crash left behind.

        Raises:
            OSError: it cannot be made or read.
        """
        self._folder.mkdir(mode=0o750, parents=True, exist_ok=True)
        for path in list(self._folder.glob(f"{PREFIX}*")):
            orphan = path.name.endswith(DATA_SUFFIX) and not self._meta(_stem(path)).exists()
            if path.name.endswith(_ASIDE_SUFFIX) or orphan:
                path.unlink(missing_ok=True)
        self._make_room(0)

    def put(self, name: str, about: ClipAbout, samples: bytes, now_s: float) -> None:
        """Write a clip; make room for it before.

        Raises:
            ClipTooLargeError: there is no room that is worth it.
            OSError: the disk refused; nothing of the clip is left.
        """
        meta = metadata(about, hashlib.sha512(samples).hexdigest())
        facts = ClipFacts(about.kind, list(about.zones), about.snr_db)
        self._make_room(len(samples) + len(meta), Clip(name, 0, now_s, facts))
        try:
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

    def _remove(self, name: str) -> None:
        # The metadata first: without it the samples are no clip any more.
        for path in (self._meta(name), self._folder / (name + DATA_SUFFIX)):
            with suppress(OSError):
                path.unlink(missing_ok=True)

    def _meta(self, name: str) -> Path:
        return self._folder / (name + META_SUFFIX)


def clips_in(folder: Path) -> list[Clip]:
    """All clips of a folder by name; one that vanishes or cannot be read is none."""
    try:
        paths = sorted(folder.glob(f"{PREFIX}*{META_SUFFIX}"))
    except OSError:
        return []
    return [clip for path in paths if (clip := _clip(path)) is not None]


def _clip(path: Path) -> Clip | None:
    data = path.with_name(_stem(path) + DATA_SUFFIX)
    try:
        about, samples = path.stat(), data.stat()
        if about.st_size > _LARGEST_META_BYTES:
            return None
        facts = read_facts(path.read_bytes())
    except OSError:
        return None
    if facts is None:
        return None
    return Clip(_stem(path), about.st_size + samples.st_size, about.st_mtime, facts)


def _stem(path: Path) -> str:
    return path.name.removesuffix(META_SUFFIX).removesuffix(DATA_SUFFIX)


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
