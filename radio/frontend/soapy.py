"""Any receiver that SoapySDR has a driver for."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any, Final

import numpy as np

from radio.frontend.ports import FrontEndError, IqBlock, StreamFacts
from radio.frontend.sample_clock import SampleClock
from radio.frontend.soapy_device import CHANNEL, set_rate_and_antenna, translated
from radio.frontend.soapy_library import load_soapy
from radio.settings import SoapySettings

SILENCE_S: Final = 2.0
"""A part that delivers nothing for this long has stopped."""
_BLOCK_SAMPLES: Final = 1 << 14
_WAIT_US: Final = 100_000


class Soapy:
    """Fits `FrontEnd`."""

    simulated = False

    def __init__(self, settings: SoapySettings, *, center_hz: float) -> None:
        self._settings, self._center_hz = settings, center_hz

    @property
    def description(self) -> str:
        """Which device was asked for."""
        return f"SoapySDR {self._settings.device}"

    @contextmanager
    def open(self) -> Iterator[SoapyStream]:
        """Open and tune the part; FrontEndError when it is absent or refuses."""
        soapy = load_soapy()
        with translated(self.description):
            device = soapy.Device(self._settings.device)
        try:
            with translated(self.description):
                rate_hz = self._tune(soapy, device)
            facts = StreamFacts(rate_hz, self._center_hz)
            with SoapyStream.started(soapy, device, self.description, facts) as stream:
                yield stream
        finally:
            device.close()

    def _tune(self, soapy: ModuleType, device: Any) -> float:  # noqa: ANN401 - a foreign object
        wanted, here = self._settings, (soapy.SOAPY_SDR_RX, CHANNEL)
        rate_hz = set_rate_and_antenna(device, here[0], wanted.rate_hz, wanted.antenna)
        device.setFrequency(*here, self._center_hz)
        if wanted.frequency_correction_ppm:
            device.setFrequencyCorrection(*here, wanted.frequency_correction_ppm)
        if device.hasGainMode(*here):
            device.setGainMode(*here, wanted.gain_db is None)
        if wanted.gain_db is not None:
            device.setGain(*here, wanted.gain_db)
        return rate_hz


class SoapyStream:
    """Fits `SampleStream`: a part that streams."""

    def __init__(
        self,
        soapy: ModuleType,
        device: Any,  # noqa: ANN401 - a foreign object
        stream: Any,  # noqa: ANN401 - a foreign object
        name: str,
        facts: StreamFacts,
    ) -> None:
        self.facts = facts
        self._soapy, self._device, self._stream, self._name = soapy, device, stream, name

    @classmethod
    @contextmanager
    def started(
        cls,
        soapy: ModuleType,
        device: Any,  # noqa: ANN401 - a foreign object
        name: str,
        facts: StreamFacts,
    ) -> Iterator[SoapyStream]:
        """Start the stream of an open device, and stop it in the end."""
        with translated(name):
            stream = device.setupStream(soapy.SOAPY_SDR_RX, soapy.SOAPY_SDR_CF32, [CHANNEL])
            if (error := device.activateStream(stream)) < 0:
                msg = f"{name}: {soapy.errToStr(error)}"
                raise FrontEndError(msg)
        try:
            yield cls(soapy, device, stream, name, facts)
        finally:
            device.deactivateStream(stream)
            device.closeStream(stream)

    def blocks(self) -> Iterator[IqBlock]:
        """Yield blocks until the part fails or nothing comes for 2 s: FrontEndError."""
        heard_at = time.monotonic()
        clock = SampleClock(self.facts.rate_hz, heard_at)
        while True:
            samples = np.empty(_BLOCK_SAMPLES, np.complex64)
            count = self._read(samples)
            now = time.monotonic()
            if count > 0:
                heard_at = now
                placed = clock.receive(count, now)
                yield IqBlock(
                    samples[:count], placed.first_sample, placed.lost_before, placed.captured_at
                )
            elif now - heard_at > SILENCE_S:
                msg = f"{self._name}: no samples for {SILENCE_S:g} s"
                raise FrontEndError(msg)

    def _read(self, samples: np.ndarray) -> int:
        """How many samples came; 0 after a time-out, or an overflow, which the clock notices."""
        with translated(self._name):
            result = self._device.readStream(
                self._stream, [samples], len(samples), timeoutUs=_WAIT_US
            )
        harmless = {self._soapy.SOAPY_SDR_TIMEOUT, self._soapy.SOAPY_SDR_OVERFLOW}
        if result.ret < 0 and result.ret not in harmless:
            msg = f"{self._name}: {self._soapy.errToStr(result.ret)}"
            raise FrontEndError(msg)
        return max(int(result.ret), 0)
