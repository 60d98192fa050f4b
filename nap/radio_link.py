"""The radio worker as the gateway sees it: a child process, a pipe, and how it is doing."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from time import monotonic
from typing import Final, NoReturn

import msgspec

from nap.levels import LevelHistory, LevelsOfDay
from nap.radio_sinks import ClipSink, DownlinkSink, FrameSink
from nap.runtime.service import RecoverableError
from radio.commands import Command
from radio.events import (
    ClipKept,
    DownlinkPlanned,
    DownlinkRefused,
    DownlinkSent,
    FrameHeard,
    LevelsMeasured,
    RadioEvent,
    StreamEnded,
    StreamFailed,
    StreamOpened,
)
from radio.settings import WorkerSettings
from radio.stats import RadioStats

_log = logging.getLogger(__name__)

WORKER: Final = (sys.executable, "-m", "radio.worker")
_LINE_LIMIT: Final = 65_536
"""Bytes of one event; the longest is below 1 kB."""
_UNREAD_LIMIT: Final = 65_536
"""Bytes of commands; more than that wait only before a worker that hangs."""
_SILENCE_S: Final = 15.0
"""A worker that says nothing for so long hangs: while samples flow it reports every second."""
_START_S: Final = 60.0
"""Loading its libraries from a slow flash."""
_GOODBYE_S: Final = 3.0


class RadioStatus(msgspec.Struct, frozen=True, kw_only=True):
    """The receiver at one moment.

    Attributes:
        state: starting, receiving, failed (`problem` says why) or ended (a recording).
        part: Which front end, for people.
        stats: As the worker reported last.
        restarts: Workers that died and were started again.
        zones: Listened to.
        levels: Noise, occupancy and drift of the last 24 hours.
    """

    state: str
    part: str | None
    simulated: bool
    rate_hz: float | None
    center_hz: float | None
    problem: str | None
    stats: RadioStats | None
    restarts: int
    zones: list[str] = []
    levels: LevelsOfDay | None = None


class RadioLink:
    """Starts the worker, reads what it says, and ends it. Fits Service.

    It fails, to be started again with a growing delay, when the worker dies or hangs.
    """

    name = "radio"
    quiet_limit_s = 240.0

    def __init__(
        self,
        settings: WorkerSettings,
        sink: FrameSink,
        command: Sequence[str] = WORKER,
        downlinks: DownlinkSink | None = None,
    ) -> None:
        self._settings, self._sink, self._command = settings, sink, command
        self._downlinks = downlinks
        self._input: asyncio.StreamWriter | None = None
        self._decoder = msgspec.json.Decoder(RadioEvent)
        self._state = "starting"
        self._opened: StreamOpened | None = None
        self._stats: RadioStats | None = None
        self._problem: str | None = None
        self._patience_s = _START_S
        self._starts = 0
        self._levels = LevelHistory()
        self.clips: ClipSink | None = None

    async def run(self, beat: Callable[[], None]) -> NoReturn:
        """Be the parent of one worker until it dies or we are told to stop."""
        self._begin()
        try:
            async with self._worker() as output:
                await self._listen(output, beat)
        finally:
            self._sink.worker_ended(self._stats.frames if self._stats else 0)
            self._plans_are_gone()
        while self._state == "ended":
            beat()
            await asyncio.sleep(1.0)
        self._state = "failed"
        self._problem = self._problem or "the radio worker ended"
        raise RecoverableError(self._problem)

    def send(self, command: Command) -> bool:
        """Tell the worker something; False when none runs, or it does not read."""
        pipe = self._input
        if pipe is None or pipe.transport.get_write_buffer_size() > _UNREAD_LIMIT:
            return False
        pipe.write(msgspec.json.encode(command) + b"\n")
        return True

    def status(self) -> RadioStatus:
        """What people are shown."""
        opened = self._opened
        return RadioStatus(
            state=self._state,
            part=opened.description if opened else None,
            simulated=opened.simulated if opened else False,
            rate_hz=opened.rate_hz if opened else None,
            center_hz=opened.center_hz if opened else None,
            problem=self._problem,
            stats=self._stats,
            restarts=max(self._starts - 1, 0),
            zones=[zone.name for zone in self._settings.zones],
            levels=self._levels.day(),
        )

    def _begin(self) -> None:
        self._starts += 1
        self._state, self._problem, self._stats = "starting", None, None
        self._patience_s = _START_S
        self._sink.worker_started()

    @asynccontextmanager
    async def _worker(self) -> AsyncIterator[asyncio.StreamReader]:
        try:
            process = await asyncio.create_subprocess_exec(
                *self._command,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                limit=_LINE_LIMIT,
                start_new_session=True,  # Ctrl-C is for us; we end it along the data path
            )
        except OSError as error:
            msg = f"the radio worker cannot be started: {error}"
            raise RecoverableError(msg) from error
        if process.stdin is None or process.stdout is None:
            raise RecoverableError("the radio worker has no pipes")
        try:
            # Its stdin stays open: the worker ends when we are gone, however we went.
            process.stdin.write(msgspec.json.encode(self._settings) + b"\n")
            self._input = process.stdin
            yield process.stdout
        finally:
            self._input = None
            process.stdin.close()
            try:
                await self._hear_out(process.stdout)
            finally:
                await _end(process)

    async def _listen(self, output: asyncio.StreamReader, beat: Callable[[], None]) -> None:
        while line := await self._line(output):
            self._take(line)
            beat()

    async def _hear_out(self, output: asyncio.StreamReader) -> None:
        """Take what it has still to say, now that it knows that it shall end."""
        with suppress(TimeoutError, ValueError, RecoverableError):
            async with asyncio.timeout(_GOODBYE_S):
                while line := await output.readline():
                    self._take(line)

    async def _line(self, output: asyncio.StreamReader) -> bytes:
        try:
            async with asyncio.timeout(self._patience_s):
                return await output.readline()
        except TimeoutError:
            msg = f"the radio worker said nothing for {self._patience_s:.0f} s"
            raise RecoverableError(msg) from None
        except ValueError:
            raise RecoverableError("the radio worker sent an endless line") from None

    def _take(self, line: bytes) -> None:
        try:
            event = self._decoder.decode(line)
        except msgspec.DecodeError as error:
            msg = f"the radio worker sent something else than an event: {error}"
            raise RecoverableError(msg) from error
        match event:
            case FrameHeard():
                self._heard(event)
            case DownlinkPlanned() | DownlinkSent() | DownlinkRefused():
                if self._downlinks is not None:
                    self._downlinks.radio_said(event)
            case RadioStats():
                self._stats = event
            case LevelsMeasured() | ClipKept():
                self._measured(event)
            case StreamOpened():
                self._state, self._opened, self._problem = "receiving", event, None
                self._patience_s = _SILENCE_S
                _log.info("receiving from %s", event.description)
            case StreamFailed():
                self._failed(event)
            case StreamEnded():
                self._state = "ended"
                self._patience_s = _START_S

    def _heard(self, frame: FrameHeard) -> None:
        simulated = self._opened.simulated if self._opened else False
        self._sink.frame(frame, simulated=simulated)
        if self._downlinks is not None:
            self._downlinks.heard(frame, simulated=simulated)

    def _measured(self, event: LevelsMeasured | ClipKept) -> None:
        if isinstance(event, LevelsMeasured):
            full_scale_dbm = self._stats.full_scale_dbm if self._stats else None
            self._levels.add(event, full_scale_dbm, monotonic())
        elif self.clips is not None:
            self.clips.told(event)

    def _plans_are_gone(self) -> None:
        if self._downlinks is not None:
            self._downlinks.radio_lost()

    def _failed(self, event: StreamFailed) -> None:
        self._plans_are_gone()
        if event.reason != self._problem:
            _log.warning("no reception: %s", event.reason)
        self._state, self._problem = "failed", event.reason
        # Until its next attempt it has nothing to say; the attempt itself may take a while.
        self._patience_s = (event.again_in_s or 0.0) + _START_S


async def _end(process: asyncio.subprocess.Process) -> None:
    """Wait for a worker that was told to end; make it end if it does not, or if time is up."""
    try:
        with suppress(TimeoutError):
            async with asyncio.timeout(_GOODBYE_S):
                await process.wait()
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
