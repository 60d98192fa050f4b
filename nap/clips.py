"""The black box as the gateway knows it: which clips there are, and asking for one."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from radio.blackbox.files import Clip, clips_in
from radio.commands import KeepClip
from radio.events import ClipKept
from radio.iso_time import iso_utc

_PATIENCE_S: Final = 30.0


class ClipError(Exception):
    """There is no clip to be had now; the text says why."""


class ClipWanted(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Keep the last `seconds` of samples, as far back as memory reaches."""

    seconds: Annotated[float, Meta(gt=0, le=3600)]


class ClipListed(msgspec.Struct, frozen=True, kw_only=True):
    """One clip.

    Attributes:
        path: Its metadata; `nap decode` takes it.
        kind: undecoded, or kept on demand.
        snr_db: Of the strongest undecoded burst.
    """

    name: str
    path: str
    kind: str
    bytes: int
    snr_db: float
    zones: list[str]
    written_utc: str


class ClipList(msgspec.Struct, frozen=True, kw_only=True):
    """All clips, the newest last."""

    clips: list[ClipListed]


class ClipMade(msgspec.Struct, frozen=True, kw_only=True):
    """A clip was written; `seconds` may be fewer than asked for."""

    name: str
    path: str
    seconds: float


class Clips:
    """Belongs to the event loop.

    Args:
        folder: Where they are.
        send: Tells the radio worker; False while there is none.
    """

    def __init__(self, folder: Path, send: Callable[[KeepClip], bool]) -> None:
        self._folder, self._send = folder, send
        self._asked: dict[str, asyncio.Future[ClipKept]] = {}

    async def listed(self) -> ClipList:
        """What there is."""
        clips = await asyncio.to_thread(clips_in, self._folder)
        clips.sort(key=lambda clip: clip.modified_s)
        return ClipList(clips=[self._listed(clip) for clip in clips])

    async def keep(self, wanted: ClipWanted) -> ClipMade:
        """Have the last samples written.

        Raises:
            ClipError: they cannot be, or nobody answers.
        """
        command = KeepClip(id=secrets.token_hex(8), seconds=wanted.seconds)
        answer = asyncio.get_running_loop().create_future()
        self._asked[command.id] = answer
        try:
            if not self._send(command):
                raise ClipError("the radio worker does not run")
            async with asyncio.timeout(_PATIENCE_S):
                kept = await answer
        except TimeoutError:
            raise ClipError("the radio worker did not answer") from None
        finally:
            del self._asked[command.id]
        if kept.name is None:
            raise ClipError(kept.problem or "it was not written")
        return ClipMade(name=kept.name, path=str(self._path(kept.name)), seconds=kept.seconds)

    def told(self, kept: ClipKept) -> None:
        """The worker says what became of a clip."""
        answer = self._asked.get(kept.id or "")
        if answer is not None and not answer.done():
            answer.set_result(kept)

    def _listed(self, clip: Clip) -> ClipListed:
        return ClipListed(
            name=clip.name,
            path=str(self._path(clip.name)),
            kind=clip.facts.kind,
            bytes=clip.bytes,
            snr_db=clip.facts.snr_db,
            zones=clip.facts.zones,
            written_utc=iso_utc(datetime.fromtimestamp(clip.modified_s, UTC)),
        )

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}.sigmf-meta"
