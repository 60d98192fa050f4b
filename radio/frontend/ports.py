"""The front-end port: what every source of samples promises, whatever the part behind it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


class FrontEndError(Exception):
    """The part is absent, busy, or stopped answering; opening it again may help."""


class RecordingError(FrontEndError):
    """The recording cannot be read as it stands; opening it again will not help."""


@dataclass(frozen=True, slots=True)
class IqBlock:
    """Consecutive samples with the facts that place them in time and frequency.

    Attributes:
        samples: Shape (n,), complex64, full scale 1.0.
        first_sample: Index of samples[0] since the stream began, lost samples counted in.
        lost_before: Samples that the hardware dropped just before this block.
        captured_at: Board monotonic clock at samples[0], s; None for a recording.
    """

    samples: NDArray[np.complex64]
    first_sample: int
    lost_before: int = 0
    captured_at: float | None = None


@dataclass(frozen=True, slots=True)
class StreamFacts:
    """What stays the same while a front end streams.

    Attributes:
        rate_hz: Samples per second.
        center_hz: Radio frequency at 0 Hz of the samples.
        started_utc: ISO 8601 time of sample 0 where the source knows it (recordings), else None.
        calibration_db: dBm of a full-scale sine; None while uncalibrated.
    """

    rate_hz: float
    center_hz: float
    started_utc: str | None = None
    calibration_db: float | None = None


class SampleStream(Protocol):
    """An open front end."""

    @property
    def facts(self) -> StreamFacts:
        """Rate, centre and time of this stream."""
        ...

    def blocks(self) -> Iterator[IqBlock]:
        """Yield blocks in order until a recording ends; a live part never ends.

        Raises:
            FrontEndError: the part stopped answering (a live part: no samples for 2 s).
        """
        ...


class FrontEnd(Protocol):
    """A source of samples that can be opened, again and again.

    Blocking on purpose: it lives in the radio worker, a process of its own without an event loop.
    """

    @property
    def simulated(self) -> bool:
        """True for anything but real parts; status, cloud and console show it."""
        ...

    @property
    def description(self) -> str:
        """One line for people: which part, where."""
        ...

    def open(self) -> AbstractContextManager[SampleStream]:
        """Open the part; leaving the context always closes it.

        Raises:
            FrontEndError: the part is absent, busy or refuses the settings.
            RecordingError: the recording is damaged or of an unknown kind.
        """
        ...


class TransmitError(FrontEndError):
    """The part did not transmit as it was told; something may have left it."""


class MissedError(TransmitError):
    """The time was over before the part could begin; nothing has left it."""


@dataclass(frozen=True, slots=True)
class Burst:
    """What to transmit, when and where.

    Attributes:
        samples: Shape (n,), complex64, at most 1.0 in size; 0 Hz is `frequency_hz`.
        rate_hz: Of the samples; the transmitter's own.
        frequency_hz: Absolute carrier.
        starts_s: When the first sample is to leave, on the time axis of the received stream.
        latest_s: A start after this is not wanted any more.
    """

    samples: NDArray[np.complex64]
    rate_hz: float
    frequency_hz: float
    starts_s: float
    latest_s: float


class StreamClock(Protocol):
    """Tells the time of the received stream."""

    def now_s(self) -> float:
        """Seconds since sample 0 was on the air."""
        ...


class SampleSink(Protocol):
    """An open transmitter, silent but in `transmit`."""

    @property
    def rate_hz(self) -> float:
        """Samples per second that it wants."""
        ...

    def transmit(self, burst: Burst, clock: StreamClock, allowed: Callable[[], bool]) -> float:
        """Transmit `burst` and return when it began, on the time axis of `clock`.

        Returns when the last sample is out, and before only when `allowed` turns false: then what
        is left of the burst is not transmitted.

        Raises:
            MissedError: it is too late.
            TransmitError: the part refuses or fails, or `allowed` turned false half-way.
        """
        ...


class Transmitter(Protocol):
    """A part that can transmit, beside the front end that receives."""

    @property
    def simulated(self) -> bool:
        """True for anything but real parts."""
        ...

    @property
    def description(self) -> str:
        """One line for people: which part, where."""
        ...

    def open(self) -> AbstractContextManager[SampleSink]:
        """Open the part, silent; leaving the context always closes it.

        Raises:
            TransmitError: the part is absent, busy, refuses the settings, or only receives.
        """
        ...
