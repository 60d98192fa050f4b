"""Take a decoded frame out of the spectra, and tell what was measured of it."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from radio.dsp.cancel import Known, cancel
from radio.dsp.carrier import Phases
from radio.dsp.company import has_company
from radio.dsp.demodulate import SoftFrame
from radio.dsp.detect import hann_power
from radio.dsp.floor import SEGMENT_BINS, noise_of
from radio.dsp.heard import Cut
from radio.dsp.local_noise import NOTHING, LocalNoise
from radio.dsp.measure import Measured, measure
from radio.dsp.report import Decoded, Undecoded
from radio.dsp.spectra import SYMBOLS_PER_HOP, Real, SpectraStore
from radio.sigfox.rejected import Reason
from radio.sigfox.uplink import UplinkFrame

# A slice and a mean over the symbol keep so much less of the power.
_UNFILTERED: Final = 1.1


class FrameTaker:
    """Reports frames of one bit rate, and cleans a store of spectra of those that decoded.

    Attributes:
        with_company: Frames taken out where one of the other bit rate may have been on the air.
    """

    def __init__(
        self, store: SpectraStore, noise: LocalNoise, *, center_hz: float, first_sample: int
    ) -> None:
        self._store, self._noise, self._grid = store, noise, store.grid
        self._bit_rate = store.grid.bit_rate
        self._center_hz, self._first_sample = center_hz, first_sample
        self.with_company: list[Known] = []

    def take_out(self, frame: UplinkFrame, states: NDArray[np.int8], cut: Cut) -> Decoded:
        """Measure a decoded frame and subtract it from the spectra, as long as they hold it."""
        soft = cut.soft
        measured = measure(cut.integrator, soft, states, self._grid.symbol_samples)
        if measured.start - 4 * self._grid.symbol_samples < self._store.start * self._grid.hop:
            power, noise = _UNFILTERED * measured.amplitude**2, self._noise.before(cut.position)
        else:
            power, noise = self._subtract(measured, soft, states, cut)
        return Decoded(
            frame=frame,
            bit_rate=self._bit_rate,
            start_s=(measured.start + self._first_sample) / self._grid.rate_hz,
            frequency_hz=self._frequency_hz(cut) + measured.frequency * self._bit_rate,
            drift_hz_per_s=(measured.drift + cut.chirp.carrier.drift) * self._bit_rate**2,
            snr_db=_db(power / noise),
            power_dbfs=_db(power),
        )

    def _known(
        self, measured: Measured, states: NDArray[np.int8], phase: Phases, position: int
    ) -> Known:
        noise = self._noise.beside(position)
        return Known(
            start=measured.start - self._grid.symbol_samples,
            symbol_samples=self._grid.symbol_samples,
            states=states,
            phase=phase,
            frequency_hz=self._grid.frequency_hz(position),
            noise_per_hz=noise / self._bit_rate,
            snr=measured.amplitude**2 / noise,
        )

    def _subtract(
        self, measured: Measured, soft: SoftFrame, states: NDArray[np.int8], cut: Cut
    ) -> tuple[float, float]:
        """Subtract a frame; its power, and the noise power in bit-rate Hz once it is gone."""
        numbers = np.arange(0.5, states.size, dtype=np.float64)
        carried = cut.chirp.phase(soft.start + self._grid.symbol_samples * numbers)
        known = self._known(measured, states, soft.phase + carried, cut.position)
        taken = cancel(self._store, known)
        around = self._power_around(cut, states.size)
        noise = float(noise_of(around) or 0.0)
        if noise and has_company(around, noise, self._grid):
            self.with_company.append(known)
        return taken.power, self._noise.per_hz(noise) * self._bit_rate

    def failed(self, reason: Reason, cut: Cut) -> Undecoded:
        """What is reported of a frame that did not decode."""
        noise = self._noise.before(cut.position)
        power = float(np.mean(np.square(cut.soft.soft))) - 0.5 * noise
        return Undecoded(
            reason=reason,
            bit_rate=self._bit_rate,
            start_s=(cut.soft.start + self._first_sample) / self._grid.rate_hz + 1 / self._bit_rate,
            frequency_hz=self._frequency_hz(cut) + cut.soft.carrier.frequency * self._bit_rate,
            snr_db=_db(power / noise),
        )

    def _power_around(self, cut: Cut, states: int) -> Real:
        """Hann power around a frame that was taken out, while it lasted."""
        first = int(cut.soft.start // self._grid.hop)
        last = first + states // SYMBOLS_PER_HOP
        half = SEGMENT_BINS // 2
        return hann_power(self._store.part(first, last, cut.position - half, cut.position + half))

    def _frequency_hz(self, cut: Cut) -> float:
        """What the soft states' carrier at the middle of the frame is counted from."""
        # The reference symbol is not part of the frame.
        middle = cut.soft.start + 0.5 * (cut.soft.soft.size + 1) * self._grid.symbol_samples
        turned_hz = cut.chirp.frequency(middle) * self._bit_rate
        return self._center_hz + self._grid.frequency_hz(cut.position) + turned_hz


def _db(ratio: float) -> float:
    return float(10 * np.log10(max(ratio, NOTHING)))
