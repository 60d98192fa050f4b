"""Read one frame out of the spectra: cut it out, demodulate, decide, measure, take it away."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from radio.dsp.acquire import (
    CLOCK_STATES,
    HEAD_STATES,
    SLACK_STATES,
    Acquired,
    acquire,
    states_of,
)
from radio.dsp.baseband import Integrator, slice_baseband
from radio.dsp.cancel import Known, cancel
from radio.dsp.decide import decide
from radio.dsp.demodulate import SoftFrame, demodulate
from radio.dsp.detect import Candidate, hann_power
from radio.dsp.floor import SEGMENT_BINS, NoiseFloor, noise_of
from radio.dsp.measure import Measured, measure
from radio.dsp.report import Decoded, Undecoded
from radio.dsp.spectra import SYMBOLS_PER_HOP, SpectraStore
from radio.sigfox.bits import Bits
from radio.sigfox.rejected import Rejected
from radio.sigfox.uplink import UplinkFrame

# Power of a Hann window over that of none, per sample.
HANN_POWER: Final = 0.375
_MARGIN_STATES: Final = 2
_NOTHING: Final = 1e-30


@dataclass(frozen=True, slots=True)
class _Cut:
    """A frame cut out of the stream: around which bin, its integrals, its soft states."""

    position: int
    integrator: Integrator
    soft: SoftFrame


class FrameReader:
    """Reads frames of one bit rate from a store of spectra, which it cleans of them."""

    def __init__(
        self, store: SpectraStore, floor: NoiseFloor, *, center_hz: float, first_sample: int
    ) -> None:
        self._store, self._floor, self._grid = store, floor, store.grid
        self._bit_rate = store.grid.bit_rate
        self._center_hz, self._first_sample = center_hz, first_sample

    def noise_per_hz(self, bin_power: float) -> float:
        """Noise density, full scale squared per Hz, where a bin of the Hann power holds this."""
        return max(bin_power, _NOTHING) / (HANN_POWER * self._grid.size * self._grid.rate_hz)

    def acquire(self, candidate: Candidate) -> list[Acquired]:
        """Probable frames at a candidate; all blocks of a frame's head must be there."""
        symbol = self._grid.symbol_samples
        start = candidate.block * self._grid.hop
        signal = slice_baseband(
            self._store,
            start=start - (SLACK_STATES + _MARGIN_STATES) * symbol,
            stop=start + (HEAD_STATES + CLOCK_STATES) * symbol,
            position=candidate.position,
        )
        return acquire(Integrator(signal, self._grid.rate_hz), start, symbol, self._bit_rate)

    def last_block(self, option: Acquired) -> int:
        """The last block that is needed to read this frame."""
        states = option.frame_class.total_bits + 1
        stop = option.start + (states + 0.5) * self._grid.symbol_samples
        # Of a block the middle half counts; the next one still has the end of the frame in it, but
        # is not waited for: what is taken out of the store is taken out of it, too.
        return int(-((3 * self._grid.size // 4 - stop) // self._grid.hop))

    def read(self, option: Acquired, position: int) -> Decoded | Undecoded:
        """Read a frame that was acquired around `position`; when it decodes it is taken out."""
        cut = self._cut(option, position)
        result, bits = decide(cut.soft.soft)
        if isinstance(result, UplinkFrame):
            return self._take_out(result, bits, cut)
        return self._failed(result, cut)

    def _cut(self, option: Acquired, position: int) -> _Cut:
        """Cut the frame out around its middle frequency and demodulate it."""
        grid, symbol, carrier = self._grid, self._grid.symbol_samples, option.carrier
        states = option.frame_class.total_bits + 1
        middle = carrier.frequency + carrier.drift * (0.5 * states - carrier.origin)
        shift = round(middle * self._bit_rate / grid.bin_hz)
        signal = slice_baseband(
            self._store,
            start=option.start - _MARGIN_STATES * symbol,
            stop=option.start + (states + _MARGIN_STATES) * symbol,
            position=position + shift,
        )
        frequency = carrier.frequency - shift * grid.bin_hz / self._bit_rate
        centred = replace(option, carrier=replace(carrier, frequency=frequency))
        integrator = Integrator(signal, grid.rate_hz)
        soft = demodulate(integrator, centred, symbol, self._bit_rate)
        return _Cut(position + shift, integrator, soft)

    def _take_out(self, frame: UplinkFrame, bits: Bits, cut: _Cut) -> Decoded:
        """Measure a decoded frame and subtract it from the spectra."""
        grid, states = self._grid, states_of(bits)
        measured = measure(cut.integrator, cut.soft, states, grid.symbol_samples)
        taken = cancel(self._store, self._known(measured, states, cut))
        noise = self._noise_after(cut, states.size)
        return Decoded(
            frame=frame,
            bit_rate=self._bit_rate,
            start_s=(measured.start + self._first_sample) / grid.rate_hz,
            frequency_hz=self._frequency_hz(cut) + measured.frequency * self._bit_rate,
            drift_hz_per_s=measured.drift * self._bit_rate**2,
            snr_db=_db(taken.power / noise),
            power_dbfs=_db(taken.power),
        )

    def _known(self, measured: Measured, states: NDArray[np.int8], cut: _Cut) -> Known:
        noise = self._noise_beside(cut.position)
        return Known(
            start=measured.start - self._grid.symbol_samples,
            symbol_samples=self._grid.symbol_samples,
            states=states,
            phase=cut.soft.phase,
            frequency_hz=self._grid.frequency_hz(cut.position),
            noise_per_hz=noise / self._bit_rate,
            snr=measured.amplitude**2 / noise,
        )

    def _failed(self, rejected: Rejected, cut: _Cut) -> Undecoded:
        power = float(np.mean(np.square(cut.soft.soft)))
        return Undecoded(
            reason=rejected.reason,
            bit_rate=self._bit_rate,
            start_s=(cut.soft.start + self._first_sample) / self._grid.rate_hz + 1 / self._bit_rate,
            frequency_hz=self._frequency_hz(cut),
            snr_db=_db(power / self._noise_before(cut.position)),
        )

    def _noise_before(self, position: int) -> float:
        """Noise power in bit-rate Hz, all that is on the air at this place taken for noise."""
        position = min(max(position, 0), self._grid.bins - 1)
        return self.noise_per_hz(float(self._floor.per_bin[position])) * self._bit_rate

    def _noise_beside(self, position: int) -> float:
        """As `_noise_before`, but without what a strong signal itself adds to the floor."""
        places = position + SEGMENT_BINS * np.arange(-4, 5)
        inside = np.clip(places, 0, self._grid.bins - 1)
        return self.noise_per_hz(float(self._floor.per_bin[inside].min())) * self._bit_rate

    def _noise_after(self, cut: _Cut, states: int) -> float:
        """Noise power in bit-rate Hz around a frame that was taken out, while it lasted."""
        first = int(cut.soft.start // self._grid.hop)
        last = first + states // SYMBOLS_PER_HOP
        half = SEGMENT_BINS // 2
        around = self._store.part(first, last, cut.position - half, cut.position + half)
        return self.noise_per_hz(float(noise_of(hann_power(around)) or 0.0)) * self._bit_rate

    def _frequency_hz(self, cut: _Cut) -> float:
        return self._center_hz + self._grid.frequency_hz(cut.position)


def _db(ratio: float) -> float:
    return float(10 * np.log10(max(ratio, _NOTHING)))
