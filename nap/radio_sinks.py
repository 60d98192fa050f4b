"""Who takes what the radio worker says, as the link to it needs them."""

from __future__ import annotations

from typing import Protocol

from radio.events import ClipKept, DownlinkEvent, FrameHeard


class FrameSink(Protocol):
    """Who takes what the worker says about frames."""

    def worker_started(self) -> None:
        """Frame numbers begin at 1 again."""
        ...

    def frame(self, frame: FrameHeard, *, simulated: bool) -> None:
        """A frame was decoded."""
        ...

    def worker_ended(self, frames: int) -> None:
        """No more frames come of this worker, which last said that it decoded `frames`."""
        ...


class ClipSink(Protocol):
    """Who takes what the worker says about clips."""

    def told(self, kept: ClipKept) -> None:
        """What became of one."""
        ...


class DownlinkSink(Protocol):
    """Who takes what the worker says about downlinks."""

    def radio_said(self, event: DownlinkEvent) -> None:
        """The worker planned, sent or refused one."""
        ...

    def heard(self, frame: FrameHeard, *, simulated: bool) -> None:
        """A frame was decoded; it may confirm one."""
        ...

    def radio_lost(self) -> None:
        """The worker or its stream ended, and with it all its plans."""
        ...
