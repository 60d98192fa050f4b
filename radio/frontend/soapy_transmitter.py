"""Any transmitter that SoapySDR has a driver for."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any, Final

import numpy as np

from radio.frontend.ports import (
    Burst,
    MissedError,
    StreamClock,
    TransmitError,
)
from radio.frontend.soapy_device import CHANNEL, set_rate_and_antenna, translated
from radio.frontend.soapy_library import load_soapy
from radio.settings import SoapySettings
from radio.transmit_settings import TransmitSettings

HAND_OVER_S: Final = 0.1
"""A part gets its first samples so long before they are to leave: until then all can be stopped."""
_CHUNK_S: Final = 0.02
_LOOK_EVERY_S: Final = 0.01
_WAIT_US: Final = 500_000
_NS: Final = 1_000_000_000


class SoapyTransmitter:
    """Fits `Transmitter`; by default the same part that receives, which SoapySDR lets share."""

    simulated = False

    def __init__(self, transmit: TransmitSettings, front_end: SoapySettings) -> None:
        self._transmit = transmit
        self._name = transmit.device or front_end.device

    @property
    def description(self) -> str:
        """Which device was asked for."""
        return f"SoapySDR transmitter {self._name}"

    @contextmanager
    def open(self) -> Iterator[SoapySink]:
        """Open and set up the part; TransmitError when it is absent, refuses, or only receives."""
        with translated(self.description, TransmitError):
            soapy = load_soapy()
            device = soapy.Device(self._name)
        try:
            with translated(self.description, TransmitError):
                rate_hz = self._set_up(soapy, device)
            with SoapySink.opened(soapy, device, self.description, rate_hz) as sink:
                yield sink
        finally:
            device.close()

    def _set_up(self, soapy: ModuleType, device: Any) -> float:  # noqa: ANN401 - a foreign object
        wanted, here = self._transmit, (soapy.SOAPY_SDR_TX, CHANNEL)
        if device.getNumChannels(soapy.SOAPY_SDR_TX) == 0:
            msg = f"{self.description}: the part only receives"
            raise TransmitError(msg)
        rate_hz = set_rate_and_antenna(device, here[0], wanted.rate_hz, wanted.antenna)
        least_db = device.getGainRange(*here).minimum()
        device.setGain(*here, least_db if wanted.gain_db is None else wanted.gain_db)
        return rate_hz


class SoapySink:
    """Fits `SampleSink`. Between bursts the stream is not active: nothing leaves the part."""

    def __init__(
        self,
        soapy: ModuleType,
        device: Any,  # noqa: ANN401 - a foreign object
        stream: Any,  # noqa: ANN401 - a foreign object
        name: str,
        rate_hz: float,
    ) -> None:
        self.rate_hz = rate_hz
        self._soapy, self._device, self._stream, self._name = soapy, device, stream, name

    @classmethod
    @contextmanager
    def opened(
        cls,
        soapy: ModuleType,
        device: Any,  # noqa: ANN401 - a foreign object
        name: str,
        rate_hz: float,
    ) -> Iterator[SoapySink]:
        """Set the stream of an open device up, silent, and close it in the end."""
        with translated(name, TransmitError):
            stream = device.setupStream(soapy.SOAPY_SDR_TX, soapy.SOAPY_SDR_CF32, [CHANNEL])
        try:
            yield cls(soapy, device, stream, name, rate_hz)
        finally:
            device.closeStream(stream)

    def transmit(self, burst: Burst, clock: StreamClock, allowed: Callable[[], bool]) -> float:
        """See SampleSink. A part with a clock of its own begins to the microsecond."""
        self._wait(burst.starts_s - HAND_OVER_S, clock, allowed)
        if clock.now_s() > burst.latest_s:
            msg = f"{self._name}: {clock.now_s() - burst.starts_s:.1f} s late"
            raise MissedError(msg)
        with translated(self._name, TransmitError):
            self._device.setFrequency(self._soapy.SOAPY_SDR_TX, CHANNEL, burst.frequency_hz)
        try:
            with translated(self._name, TransmitError):
                self._check(self._device.activateStream(self._stream))
                return self._send(burst, clock, allowed)
        finally:
            self._device.deactivateStream(self._stream)

    def _send(self, burst: Burst, clock: StreamClock, allowed: Callable[[], bool]) -> float:
        timed = bool(self._device.hasHardwareTime())
        flags, time_ns = 0, 0
        if timed:
            ahead_s = max(burst.starts_s - clock.now_s(), HAND_OVER_S / 2)
            flags = self._soapy.SOAPY_SDR_HAS_TIME
            time_ns = int(self._device.getHardwareTime()) + round(ahead_s * _NS)
            started_s = clock.now_s() + ahead_s
        else:
            self._wait(burst.starts_s, clock, allowed)
            started_s = clock.now_s()
        self._write(burst.samples, flags, time_ns, allowed)
        self._wait(started_s + len(burst.samples) / self.rate_hz, clock, allowed)
        self._check_status()
        return started_s

    def _write(
        self, samples: np.ndarray, flags: int, time_ns: int, allowed: Callable[[], bool]
    ) -> None:
        """Hand the samples over piece by piece, as fast as the part takes them."""
        chunk, at = round(_CHUNK_S * self.rate_hz), 0
        while at < len(samples):
            _require(allowed)
            piece = np.ascontiguousarray(samples[at : at + chunk], np.complex64)
            end = self._soapy.SOAPY_SDR_END_BURST if at + len(piece) == len(samples) else 0
            result = self._device.writeStream(
                self._stream, [piece], len(piece), flags | end, time_ns, _WAIT_US
            )
            self._check(result.ret or self._soapy.SOAPY_SDR_TIMEOUT)
            at += int(result.ret)
            flags, time_ns = 0, 0  # what follows the first piece follows at once

    def _check_status(self) -> None:
        """Parts that tell how it went are asked; the others are believed."""
        status = self._device.readStreamStatus(self._stream, 0)
        if status.ret not in {
            0,
            self._soapy.SOAPY_SDR_NOT_SUPPORTED,
            self._soapy.SOAPY_SDR_TIMEOUT,
        }:
            self._check(status.ret)

    def _check(self, code: int) -> None:
        if code < 0:
            msg = f"{self._name}: {self._soapy.errToStr(code)}"
            raise TransmitError(msg)

    @staticmethod
    def _wait(until_s: float, clock: StreamClock, allowed: Callable[[], bool]) -> None:
        while (left_s := until_s - clock.now_s()) > 0:
            _require(allowed)
            time.sleep(min(left_s, _LOOK_EVERY_S))
        _require(allowed)


def _require(allowed: Callable[[], bool]) -> None:
    if not allowed():
        raise TransmitError("stopped: transmitting is not allowed any more")
