"""After an update, the clips that no version before could decode are decoded again."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import aclosing
from pathlib import Path
from typing import Final, NoReturn, Protocol

import msgspec

from nap.late.clip_worker import ClipError, frames_in
from nap.late.relayed_log import RelayedKeys, RelayedLog
from nap.late.tried import TriedClips
from radio.blackbox.files import Clip, clips_in
from radio.events import FrameHeard
from radio.settings import ZoneName

_log = logging.getLogger(__name__)

SETTLING_S: Final = 30.0
"""A gateway that has just started has better things to do."""
_IDLE_S: Final = 60.0


class LateSink(Protocol):
    """Who takes what clips still had in them."""

    async def late(self, frame: FrameHeard, known: RelayedKeys, *, simulated: bool) -> bool:
        """A frame of a clip was decoded; True when its message was passed on."""
        ...


class LateStatus(msgspec.Struct, frozen=True, kw_only=True):
    """Clips decoded again since the start.

    Attributes:
        waiting: Clips still to try.
        tried: Clips decoded again.
        messages: Found in them and passed on late.
    """

    waiting: int
    tried: int
    messages: int


class ClipReplay:
    """Decodes old clips, one at a time, when there is nothing better to do. Fits Service."""

    name = "clip replay"
    quiet_limit_s = 600.0

    def __init__(
        self,
        folder: Path,
        tried: TriedClips,
        relayed: RelayedLog,
        sink: LateSink,
        *,
        version: str,
        zone: ZoneName,
        worker: Sequence[str],
        settling_s: float = SETTLING_S,
    ) -> None:
        """`version` is that of this software; `zone` stands in where a clip names none."""
        self._folder, self._tried, self._relayed, self._sink = folder, tried, relayed, sink
        self._version, self._zone, self._worker = version, zone, worker
        self._settling_s = settling_s
        self._counts = LateStatus(waiting=0, tried=0, messages=0)

    def status(self) -> LateStatus:
        """How far it is."""
        return self._counts

    async def run(self, beat: Callable[[], None]) -> NoReturn:
        """Try what this version has not tried; then there is nothing more to do."""
        await asyncio.sleep(self._settling_s)
        for clip in await asyncio.to_thread(self._untried):
            await self._try(clip, beat)
        while True:
            beat()
            await asyncio.sleep(_IDLE_S)

    def _untried(self) -> list[Clip]:
        tried = self._tried.read()
        clips = [
            clip
            for clip in clips_in(self._folder)
            if self._version not in {tried.get(clip.name), clip.facts.recorder}
        ]
        self._count(waiting=len(clips))
        return sorted(clips, key=lambda clip: clip.modified_s)

    async def _try(self, clip: Clip, beat: Callable[[], None]) -> None:
        known = await asyncio.to_thread(self._relayed.read)
        found = 0
        try:
            async with aclosing(frames_in(self._folder, clip, self._zone, self._worker)) as frames:
                async for frame in frames:
                    found += await self._sink.late(frame, known, simulated=clip.facts.simulated)
                    beat()
        except ClipError as error:
            _log.warning("clip %s cannot be decoded: %s", clip.name, error)
        else:
            _log.info("clip decoded again, name: %s, messages: %d", clip.name, found)
        await asyncio.to_thread(self._note, clip)
        counts = self._counts
        self._count(
            waiting=counts.waiting - 1, tried=counts.tried + 1, messages=counts.messages + found
        )
        beat()

    def _note(self, clip: Clip) -> None:
        self._tried.note(clip.name, self._version, [one.name for one in clips_in(self._folder)])

    def _count(self, **changes: int) -> None:
        self._counts = msgspec.structs.replace(self._counts, **changes)
