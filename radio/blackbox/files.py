"""What lies in a folder of clips. The gateway lists them as well, and has no use for numpy."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta, field

PREFIX: Final = "clip-"
"""Of all names here; what is called otherwise is somebody else's and not touched."""
META_SUFFIX: Final = ".sigmf-meta"
DATA_SUFFIX: Final = ".sigmf-data"
_LARGEST_META_BYTES: Final = 1_000_000
# A clip of 20 dB goes before one of 6 dB that is a week newer.
_DB_PER_DAY: Final = 2.0
_DAY_S: Final = 86_400.0

Kind = Literal["undecoded", "kept"]
_ZoneName = Annotated[str, Meta(pattern="^RC[1-7]$", max_length=3)]


class ClipFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What is read back of a clip's metadata; a stranger may have written it."""

    # Without it a recording is none of ours, and not ours to remove.
    kind: Kind = field(name="nap:kind")
    zones: Annotated[list[_ZoneName], Meta(max_length=7)] = field(
        name="nap:zones", default_factory=list
    )
    snr_db: Annotated[float, Meta(ge=-100, le=200)] = field(name="nap:snr_db", default=0.0)
    simulated: bool = field(name="nap:simulated", default=False)
    recorder: Annotated[str, Meta(max_length=100)] = field(name="core:recorder", default="")


class _Document(msgspec.Struct, frozen=True):
    globals: ClipFacts = field(name="global")


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


def clips_in(folder: Path) -> list[Clip]:
    """All clips of a folder by name; one that vanishes or cannot be read is none."""
    try:
        paths = sorted(folder.glob(f"{PREFIX}*{META_SUFFIX}"))
    except OSError:
        return []
    return [clip for path in paths if (clip := _clip(path)) is not None]


def read_facts(text: bytes) -> ClipFacts | None:
    """The facts in metadata; None where it is none of a clip."""
    try:
        return msgspec.json.decode(text, type=_Document).globals
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def stem(path: Path) -> str:
    """The name that both files of a clip share."""
    return path.name.removesuffix(META_SUFFIX).removesuffix(DATA_SUFFIX)


def _clip(path: Path) -> Clip | None:
    data = path.with_name(stem(path) + DATA_SUFFIX)
    try:
        about, samples = path.stat(), data.stat()
        if about.st_size > _LARGEST_META_BYTES:
            return None
        facts = read_facts(path.read_bytes())
    except OSError:
        return None
    if facts is None:
        return None
    return Clip(stem(path), about.st_size + samples.st_size, about.st_mtime, facts)
