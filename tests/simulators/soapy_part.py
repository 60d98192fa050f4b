"""A simulated SoapySDR with one part that transmits; it knows what really left its antenna."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import numpy as np

simulated = True
NS = 1_000_000_000


@dataclass
class SoapyPart:
    """A part with a transmitter; with `timed` it has a clock of its own.

    Attributes:
        written: Samples it took, whether they left it or not.
        emitted: (start on the monotonic clock, samples) of what left it.
        code: What the next calls answer; below 0 it is an error.
        status: What it says about the transmission when asked.
    """

    timed: bool
    rate_hz: float = 0.0
    emitted: list[tuple[float, int]] = field(default_factory=list)
    tuned_hz: float = 0.0
    code: int = 0
    status: int = -5
    active: bool = False
    written: int = 0
    _next_at: float = 0.0

    @property
    def emitted_s(self) -> float:
        return sum(count for _, count in self.emitted) / self.rate_hz

    def getNumChannels(self, _direction: int) -> int:  # noqa: N802 - a foreign interface
        return 1

    def setSampleRate(self, _direction: int, _channel: int, rate_hz: float) -> None:  # noqa: N802
        self.rate_hz = rate_hz

    def getSampleRate(self, _direction: int, _channel: int) -> float:  # noqa: N802
        return self.rate_hz

    def getGainRange(self, _direction: int, _channel: int) -> Any:  # noqa: ANN401, N802
        return SimpleNamespace(minimum=lambda: -10.0)

    def setGain(self, _direction: int, _channel: int, gain_db: float) -> None:  # noqa: N802
        self.gain_db = gain_db

    def setFrequency(self, _direction: int, _channel: int, frequency_hz: float) -> None:  # noqa: N802
        self.tuned_hz = frequency_hz

    def setupStream(self, *_what: object) -> str:  # noqa: N802
        return "stream"

    def closeStream(self, _stream: str) -> None:  # noqa: N802
        assert not self.active, "closed while it transmits"

    def activateStream(self, _stream: str) -> int:  # noqa: N802
        self.active, self._next_at = True, 0.0
        return self.code

    def deactivateStream(self, _stream: str) -> int:  # noqa: N802
        """What had not left the antenna by now never does."""
        now, self.active = time.monotonic(), False
        cut = [(at, min(count, int((now - at) * self.rate_hz))) for at, count in self.emitted]
        self.emitted = [(at, count) for at, count in cut if count > 0]
        return 0

    def hasHardwareTime(self) -> bool:  # noqa: N802
        return self.timed

    def getHardwareTime(self) -> int:  # noqa: N802
        return int(time.monotonic() * NS)

    def writeStream(  # noqa: N802
        self,
        _stream: str,
        buffers: Sequence[np.ndarray],
        count: int,
        flags: int,
        time_ns: int,
        _timeout_us: int,
    ) -> Any:  # noqa: ANN401
        assert self.active, "written while it is not active"
        assert np.abs(buffers[0]).max() <= 1.0
        if self.code < 0:
            return SimpleNamespace(ret=self.code)
        start_at = time_ns / NS if flags & SIMULATED_SOAPY.SOAPY_SDR_HAS_TIME else self._next_at
        start_at = start_at or time.monotonic()
        taken = min(count, 3_000)  # parts take what they have room for
        self.emitted.append((start_at, taken))
        self.written += taken
        self._next_at = start_at + taken / self.rate_hz
        return SimpleNamespace(ret=taken)

    def readStreamStatus(self, _stream: str, _timeout_us: int) -> Any:  # noqa: ANN401, N802
        return SimpleNamespace(ret=self.status)


SIMULATED_SOAPY = SimpleNamespace(
    SOAPY_SDR_TX=0,
    SOAPY_SDR_CF32="CF32",
    SOAPY_SDR_HAS_TIME=4,
    SOAPY_SDR_END_BURST=2,
    SOAPY_SDR_TIMEOUT=-1,
    SOAPY_SDR_NOT_SUPPORTED=-5,
    errToStr=lambda code: {-1: "TIMEOUT", -6: "TIME_ERROR", -7: "UNDERFLOW"}.get(code, "ERROR"),
)
