"""A radio worker that plays one clip, as slowly as everything else on the box wants."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Final

import msgspec

from nap.runtime.service import RecoverableError
from radio.blackbox.files import Clip
from radio.events import FrameHeard, RadioEvent, StreamEnded, StreamFailed
from radio.settings import WorkerSettings, ZoneName

POLITELY: Final = ("nice", "-n", "19")
_LINE_LIMIT: Final = 65_536
_PATIENCE_S: Final = 120.0


class ClipError(Exception):
    """This clip cannot be decoded, now or ever; the text says why."""


async def frames_in(
    folder: Path, clip: Clip, zone: ZoneName, worker: Sequence[str]
) -> AsyncGenerator[FrameHeard]:
    """Decode a clip; `zone` stands in where it names none.

    Raises:
        ClipError: it is damaged, or the worker died of it.
        RecoverableError: no worker can be started.
    """
    decoder = msgspec.json.Decoder(RadioEvent)
    async with _worker(settings_for(folder, clip, zone), worker) as output:
        while line := await _line(output):
            match decoder.decode(line):
                case FrameHeard() as frame:
                    yield frame
                case StreamFailed(reason=reason):
                    raise ClipError(reason)
                case StreamEnded():
                    return
    msg = f"the radio worker died of {clip.name}"
    raise ClipError(msg)


def settings_for(folder: Path, clip: Clip, zone: ZoneName) -> WorkerSettings:
    """What a worker needs to know to play it."""
    first, *more = clip.facts.zones or [zone]
    settings = {
        "front_end": {"type": "recording", "path": str(folder / clip.name)},
        "zone": first,
        "more_zones": [name for name in dict.fromkeys(more) if name != first],
    }
    return msgspec.convert(settings, WorkerSettings)


@asynccontextmanager
async def _worker(
    settings: WorkerSettings, command: Sequence[str]
) -> AsyncIterator[asyncio.StreamReader]:
    try:
        process = await asyncio.create_subprocess_exec(
            *POLITELY,
            *command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            limit=_LINE_LIMIT,
            start_new_session=True,
        )
    except OSError as error:
        msg = f"no worker for clips can be started: {error}"
        raise RecoverableError(msg) from error
    if process.stdin is None or process.stdout is None:
        raise RecoverableError("the worker for clips has no pipes")
    try:
        process.stdin.write(msgspec.json.encode(settings) + b"\n")
        yield process.stdout
    finally:
        process.stdin.close()
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.kill()
        await process.wait()


async def _line(output: asyncio.StreamReader) -> bytes:
    try:
        async with asyncio.timeout(_PATIENCE_S):
            return await output.readline()
    except TimeoutError:
        msg = f"the radio worker said nothing for {_PATIENCE_S:.0f} s"
        raise ClipError(msg) from None
    except ValueError:
        raise ClipError("the radio worker sent an endless line") from None
