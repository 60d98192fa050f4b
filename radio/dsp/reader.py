"""Read one frame out of the spectra: cut it out, demodulate, decide, measure, take it away."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from radio.dsp.baseband import Chirp, Integrator, slice_baseband, straightened
from radio.dsp.cancel import Known, cancel
from radio.dsp.carrier import Carrier, Phases, follow_known
from radio.dsp.company import has_company
from radio.dsp.decide import decide
from radio.dsp.demodulate import SLACK_STATES, SoftFrame, demodulate
from radio.dsp.detect import Candidates, hann_power
from radio.dsp.floor import SEGMENT_BINS, NoiseFloor, noise_of
from radio.dsp.header import CLEAR_ENERGY, ORIGIN_STATE, Header, HeaderReader
from radio.dsp.heard import Cut, Heard
from radio.dsp.measure import Measured, measure
from radio.dsp.patterns import PATTERN_STATES, pattern_of, states_of, type_number
from radio.dsp.replicas import Replica
from radio.dsp.report import Decoded, Undecoded
from radio.dsp.spectra import SYMBOLS_PER_HOP, Real, SpectraStore
from radio.dsp.trellis import body_states
from radio.dsp.weight import weights
from radio.sigfox.rejected import Rejected
from radio.sigfox.uplink import UplinkFrame

# Power of a Hann window over that of none, per sample.
HANN_POWER: Final = 0.375
# Energy of a header's 33 states over the noise density: 9 dB a state.
STRONG_HEADER: Final = 260.0
_MARGIN_STATES: Final = SLACK_STATES + 2
# A slice and a mean over the symbol keep so much less of the power.
_UNFILTERED: Final = 1.1
_NOTHING: Final = 1e-30


class FrameReader:
    """Reads frames of one bit rate from a store of spectra, which it cleans of them.

    Attributes:
        with_company: Frames taken out where something else was on the air as well.
    """

    def __init__(
        self, store: SpectraStore, floor: NoiseFloor, *, center_hz: float, first_sample: int
    ) -> None:
        self._store, self._floor, self._grid = store, floor, store.grid
        self._bit_rate = store.grid.bit_rate
        self._center_hz, self._first_sample = center_hz, first_sample
        self.with_company: list[Known] = []
        self._headers = HeaderReader(store)

    def noise_per_hz(self, bin_power: float) -> float:
        """Noise density, full scale squared per Hz, where a bin of the Hann power holds this."""
        return max(bin_power, _NOTHING) / (HANN_POWER * self._grid.size * self._grid.rate_hz)

    def headers(self, candidates: Candidates) -> list[Header | None]:
        """The header at each candidate, None where there is none."""
        at = np.clip(np.rint(candidates.position).astype(int), 0, self._grid.bins - 1)
        noise = np.maximum(self._floor.per_bin[at], _NOTHING) * self.noise_per_hz(1.0)
        return self._headers.read(candidates, noise.astype(np.float64) * self._bit_rate)

    def last_block(self, header: Header) -> int:
        """The last block that is needed to read this frame."""
        states = header.frame_class.total_bits + 1
        stop = header.start + (states + 0.5) * self._grid.symbol_samples
        # Of a block the middle half counts; the next one still has the end of the frame in it, but
        # is not waited for: what is taken out of the store is taken out of it, too.
        return int(-((3 * self._grid.size // 4 - stop) // self._grid.hop))

    def read(self, header: Header) -> Decoded | Heard | Header:
        """Read a frame; when it decodes it is taken out.

        Returns:
            A better header where the frame turns out to be longer than this one says.
        """
        if header.energy >= CLEAR_ENERGY:
            # It tells type and start also where the carrier wanders later.
            told = self._try(header, type_number(header.frame_class, header.rank))
            if isinstance(told, Decoded):
                return told
        return self._try(header, None)

    def _try(self, header: Header, told: int | None) -> Decoded | Heard | Header:
        """Read a frame of the type that its own carrier shows, or of the one that was told."""
        cut = self._cut(header, told)
        soft, kind = cut.soft, cut.soft.kind
        known = replace(header, start=soft.start, frame_class=kind.frame_class, rank=kind.rank)
        if soft.soft.size <= kind.frame_class.total_bits:
            return known
        noise = self._noise_before(cut.position)
        trust = weights(soft, noise)
        result, bits = decide(soft.soft * trust, _odds(soft, trust, noise), kind)
        if isinstance(result, UplinkFrame):
            return self._take_out(result, states_of(bits), cut)
        # By amplitude and trust: what a strong replica says counts more.
        amplitude = np.abs(soft.soft[:PATTERN_STATES] @ pattern_of(kind)) / PATTERN_STATES
        states = body_states(amplitude * trust * soft.soft, pattern_of(kind))
        return Heard(known, kind.errors, cut, states, self._failed(result, cut))

    def take_out(self, replica: Replica) -> Decoded:
        """Measure a frame whose bits its replicas told, and subtract it from the spectra."""
        heard, states = replica.heard, states_of(replica.bits)
        phase = follow_known(heard.cut.soft.symbols, states, heard.cut.soft.carrier)
        soft = replace(heard.cut.soft, phase=phase)
        return replace(
            self._take_out(replica.frame, states, replace(heard.cut, soft=soft)), combined=True
        )

    def _cut(self, header: Header, told: int | None) -> Cut:
        """Cut the frame out around its middle frequency and demodulate it."""
        grid, symbol = self._grid, self._grid.symbol_samples
        states = header.frame_class.total_bits + 1
        moved = header.drift * (0.5 * states - ORIGIN_STATE) * self._bit_rate / grid.bin_hz
        position = round(header.position + moved)
        signal = slice_baseband(
            self._store,
            start=header.start - _MARGIN_STATES * symbol,
            stop=header.start + (states + _MARGIN_STATES) * symbol,
            position=position,
        )
        frequency = (header.position - position) * grid.bin_hz / self._bit_rate
        carrier = Carrier(frequency, header.drift, ORIGIN_STATE, 0.0)
        chirp = Chirp(carrier, header.start, symbol)
        integrator = Integrator(straightened(signal, chirp, grid.rate_hz), grid.rate_hz)
        soft = demodulate(
            integrator,
            start=header.start,
            states=states,
            symbol_samples=symbol,
            bit_rate=self._bit_rate,
            strong=header.energy >= STRONG_HEADER,
            told=told,
        )
        return Cut(position, chirp, integrator, soft)

    def _take_out(self, frame: UplinkFrame, states: NDArray[np.int8], cut: Cut) -> Decoded:
        """Measure a decoded frame and subtract it from the spectra, as long as they hold it."""
        soft = cut.soft
        measured = measure(cut.integrator, soft, states, self._grid.symbol_samples)
        if measured.start - 4 * self._grid.symbol_samples < self._store.start * self._grid.hop:
            power, noise = _UNFILTERED * measured.amplitude**2, self._noise_before(cut.position)
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
        noise = self._noise_beside(position)
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
        if has_company(around, self._grid):
            self.with_company.append(known)
        return taken.power, self.noise_per_hz(float(noise_of(around) or 0.0)) * self._bit_rate

    def _failed(self, rejected: Rejected, cut: Cut) -> Undecoded:
        noise = self._noise_before(cut.position)
        power = float(np.mean(np.square(cut.soft.soft))) - 0.5 * noise
        return Undecoded(
            reason=rejected.reason,
            bit_rate=self._bit_rate,
            start_s=(cut.soft.start + self._first_sample) / self._grid.rate_hz + 1 / self._bit_rate,
            frequency_hz=self._frequency_hz(cut) + cut.soft.carrier.frequency * self._bit_rate,
            snr_db=_db(power / noise),
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


def _odds(soft: SoftFrame, trust: NDArray[np.float64], noise: float) -> float:
    """Log odds for the sign of a state, per its size by trust."""
    beside = np.square((soft.symbols * np.exp(-1j * soft.phase)).imag)
    disturbance = max(noise, 2 * float(np.mean(trust * beside)))
    power = float(np.mean(np.square(soft.soft))) - 0.5 * disturbance
    return 4 * float(np.sqrt(max(power, 0.0))) / disturbance


def _db(ratio: float) -> float:
    return float(10 * np.log10(max(ratio, _NOTHING)))
