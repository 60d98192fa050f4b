"""The receiver of one bit rate: detection, decoding when a frame is over, cancelling, looking again.

A strong frame hides weak ones under its side lobes, and its own side lobes look like preambles. So a
candidate far below a stronger one nearby is put off; when the strong frame was decoded, it is taken
out of the spectra and its surroundings are searched again.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from radio.dsp.acquire import HEAD_STATES, SLACK_STATES, Acquired, acquire, states_of
from radio.dsp.baseband import Integrator, slice_baseband
from radio.dsp.cancel import cancel, cancel_width, fitted_noise
from radio.dsp.demodulate import SoftFrame, decide, demodulate
from radio.dsp.detect import (
    PREAMBLE_BLOCKS,
    THRESHOLD,
    Candidate,
    Candidates,
    find_preambles,
    hann_power,
)
from radio.dsp.floor import MEDIAN_OF_MEAN, SEGMENT_BINS, NoiseFloor
from radio.dsp.ghosts import GhostFilter
from radio.dsp.measure import measure
from radio.dsp.report import Decoded, Undecoded
from radio.dsp.spectra import Complex, Grid, SpectraStore
from radio.sigfox.bits import Bits
from radio.sigfox.rejected import Rejected
from radio.sigfox.uplink import UplinkFrame

SYMBOLS_PER_HOP: Final = 4
LONGEST_FRAME_STATES: Final = 209
# A frame waits for its end, and is looked for again once a stronger one beside it was taken out.
STORE_BLOCKS: Final = 3 * LONGEST_FRAME_STATES // SYMBOLS_PER_HOP
# Blocks are worked on in runs: not shorter, for the calls cost time; not longer, for a frame waits.
SHORTEST_RUN_S: Final = 0.04
LONGEST_RUN_BLOCKS: Final = 16
MOST_RETRIES: Final = 4
# Blocks from a candidate's first until its head can be cut out.
HEAD_BLOCKS: Final = -(-(HEAD_STATES + SLACK_STATES) // SYMBOLS_PER_HOP) + 1
# Power of a Hann window over that of none, per sample.
HANN_POWER: Final = 0.375
# Within this many bins two signals are one; farther off the lines of a preamble with sharp phase
# turns fall with the square of the distance, with a margin of three.
OWN_BINS: Final = 6
SIDE_LOBES: Final = 3.0 * 2**2


@dataclass(slots=True)
class _Burst:
    """A candidate on its way through the stages."""

    candidate: Candidate
    due_block: int
    options: list[Acquired] = field(default_factory=list)
    failure: Undecoded | None = None
    retries: int = MOST_RETRIES

    @property
    def last_block(self) -> int:
        return max(self.due_block, self.candidate.block + HEAD_BLOCKS)


def _hidden(
    candidates: Candidates, others: Candidates, last_block: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Which candidates may be no more than side lobes of these others: shape (n,)."""
    block = candidates.block[:, None]
    together = (block >= others.block - PREAMBLE_BLOCKS) & (block <= last_block)
    distance = np.abs(candidates.position[:, None] - others.position)
    reach = np.where(distance <= OWN_BINS, 1.0, SIDE_LOBES / np.maximum(1, distance) ** 2)
    return (together & (candidates.strength[:, None] < others.strength * reach)).any(axis=1)


@dataclass(frozen=True, slots=True)
class _Demodulated:
    """A frame cut out of the stream: around which bin, its integrals, its soft states."""

    position: int
    integrator: Integrator
    soft: SoftFrame


class Chain:
    """Receives one bit rate."""

    def __init__(
        self,
        *,
        rate_hz: float,
        center_hz: float,
        bit_rate: int,
        low_hz: float,
        high_hz: float,
        first_sample: int,
    ) -> None:
        self._grid = grid = Grid.cover(rate_hz, bit_rate, low_hz, high_hz)
        self._center_hz, self._bit_rate, self._first_sample = center_hz, bit_rate, first_sample
        self._store = SpectraStore(grid, capacity=STORE_BLOCKS)
        self._floor = NoiseFloor(grid.bins)
        self._scanned = 0  # blocks below this one were searched for the first block of a preamble
        self._bursts: list[_Burst] = []
        self._aside: list[_Burst] = []
        self._tried: deque[Candidate] = deque(maxlen=512)
        self._ghosts = GhostFilter()
        self._waiting: list[Complex] = []
        self._waiting_samples = 0
        self._run = max(1, round(SHORTEST_RUN_S * rate_hz / grid.hop)) * grid.hop

    @property
    def noise_dbfs_per_hz(self) -> float | None:
        """Median noise floor over the band; None until a block was heard."""
        if not self._floor.known:
            return None
        return float(10 * np.log10(np.median(self._floor.per_bin) / self._power_per_noise))

    @property
    def _power_per_noise(self) -> float:
        """Bin power that noise of 1 full scale squared per Hz gives."""
        return HANN_POWER * self._grid.size * self._grid.rate_hz

    def feed(self, samples: Complex) -> list[Decoded | Undecoded]:
        """Take consecutive samples; return the bursts that ended."""
        self._waiting.append(samples)
        self._waiting_samples += samples.size
        if self._waiting_samples < self._run:
            return []
        ready = np.concatenate(self._waiting)
        self._waiting, self._waiting_samples = [], 0
        step = LONGEST_RUN_BLOCKS * self._grid.hop
        return [
            event
            for start in range(0, ready.size, step)
            for event in self._advance(ready[start : start + step])
        ]

    def flush(self) -> list[Decoded | Undecoded]:
        """Work on all that waits, with silence after it."""
        silence = np.zeros((STORE_BLOCKS + 16) * self._grid.hop, np.complex64)
        self._waiting.append(silence)
        self._waiting_samples += self._run
        return self.feed(silence[:0])

    def _advance(self, samples: Complex) -> list[Decoded | Undecoded]:
        if self._store.append(samples) == 0:
            return []
        low, high = self._scanned, self._store.end - PREAMBLE_BLOCKS + 1
        if high > low:
            power = hann_power(self._store.rows(low, self._store.end))
            self._floor.follow(power[PREAMBLE_BLOCKS - 1 :] if self._floor.known else power)
            self._admit(find_preambles(power, self._floor.per_bin, low))
            self._scanned = high
        return [*self._work(), *self._give_up()]

    def _admit(self, candidates: Candidates) -> None:
        """Take the candidates that are new and no mere side lobes."""
        new = candidates[~candidates.near(Candidates.of(self._tried)).any(axis=1)].thinned()
        bursts = Candidates.of(burst.candidate for burst in self._bursts)
        ends = np.array([burst.last_block for burst in self._bursts], np.int64)
        new = new[~_hidden(new, bursts, ends)]
        new = new[~_hidden(new, new, new.block + HEAD_BLOCKS)]
        # A preamble that was seen before all of it had come is seen better now, and what its first
        # part splattered to the sides is known for what it is.
        again = bursts.near(new).any(axis=1) | _hidden(bursts, new, new.block + HEAD_BLOCKS)
        self._bursts = [
            burst
            for burst, better in zip(self._bursts, again.tolist(), strict=True)
            if burst.options or not better
        ]
        self._bursts += [_Burst(candidate, candidate.block + HEAD_BLOCKS) for candidate in new]

    def _end_block(self, option: Acquired) -> int:
        states = option.frame_class.total_bits + 1
        stop = option.start + (states + 0.5) * self._grid.symbol_samples - self._first_sample
        return int((stop - self._grid.size // 4) // self._grid.hop) + 1

    def _work(self) -> list[Decoded | Undecoded]:
        """Bring every burst that is due one stage on, strongest first, until none is due."""
        events: list[Decoded | Undecoded] = []
        while due := [b for b in self._bursts if b.due_block < self._store.end]:
            burst = max(due, key=lambda b: b.candidate.strength)
            if burst.options:
                events += self._finish(burst)
            else:
                self._begin(burst)
        return events

    def _begin(self, burst: _Burst) -> None:
        candidate = burst.candidate
        self._tried.append(candidate)
        start = candidate.block * self._grid.hop
        symbol = self._grid.symbol_samples
        margin = (SLACK_STATES + 2) * symbol
        signal = slice_baseband(
            self._store,
            start=start - margin,
            stop=start + HEAD_STATES * symbol + margin,
            position=candidate.position,
        )
        integrator = Integrator(signal, self._grid.rate_hz)
        burst.options = acquire(integrator, start, symbol, self._bit_rate)
        if burst.options:
            burst.due_block = self._end_block(burst.options[0])
        else:
            self._put_aside(burst)

    def _finish(self, burst: _Burst) -> list[Decoded | Undecoded]:
        at = self._demodulate(burst.options.pop(0), burst.candidate.position)
        result, bits = decide(at.soft.soft)
        if isinstance(result, UplinkFrame):
            decoded = self._report(result, bits, at)
            self._bursts.remove(burst)
            self._look_again(burst)
            return [decoded] if self._ghosts.is_new(decoded) else []
        if burst.failure is None:
            burst.failure = self._undecoded(result, at)
        if burst.options:
            burst.due_block = self._end_block(burst.options[0])
        else:
            self._put_aside(burst)
        return []

    def _put_aside(self, burst: _Burst) -> None:
        """A stronger signal may stand in the way of this one: keep it until that is gone."""
        self._bursts.remove(burst)
        self._aside.append(burst)

    def _give_up(self) -> list[Undecoded]:
        """Report what was put aside and will soon be out of reach."""
        oldest = self._store.start + PREAMBLE_BLOCKS
        lost = [burst for burst in self._aside if burst.candidate.block < oldest]
        self._aside = [burst for burst in self._aside if burst.candidate.block >= oldest]
        return [burst.failure for burst in lost if burst.failure is not None]

    def _look_again(self, gone: _Burst) -> None:
        """Search what a frame had hidden, now that it is taken out of the spectra."""
        centre = gone.candidate.position
        reach = max(OWN_BINS, int((SIDE_LOBES * gone.candidate.strength / THRESHOLD) ** 0.5))
        first = max(self._store.start, gone.candidate.block - PREAMBLE_BLOCKS)
        last = gone.last_block
        for burst in list(self._aside):
            together = first <= burst.last_block and burst.candidate.block <= last
            if together and abs(burst.candidate.position - centre) <= reach and burst.retries:
                burst.retries -= 1
                self._aside.remove(burst)
                self._bursts.append(burst)
        if reach > OWN_BINS:
            low, high = max(0, centre - reach), min(self._grid.bins, centre + reach + 1)
            last = min(self._scanned, last + 1) + PREAMBLE_BLOCKS - 1
            power = hann_power(self._store.part(first, last, low, high))
            found = find_preambles(power, self._floor.per_bin[low:high], first)
            self._admit(found.moved(low))

    def _demodulate(self, option: Acquired, position: int) -> _Demodulated:
        """Cut the frame out around its middle frequency and demodulate it."""
        grid, symbol = self._grid, self._grid.symbol_samples
        states = option.frame_class.total_bits + 1
        carrier = option.carrier
        middle = carrier.frequency + carrier.drift * (0.5 * states - carrier.origin)
        shift = round(middle * self._bit_rate / grid.bin_hz)
        signal = slice_baseband(
            self._store,
            start=option.start - 2 * symbol,
            stop=option.start + (states + 2) * symbol,
            position=position + shift,
        )
        centred = replace(
            carrier, frequency=carrier.frequency - shift * grid.bin_hz / self._bit_rate
        )
        integrator = Integrator(signal, grid.rate_hz)
        soft = demodulate(
            integrator, replace(option, carrier=centred), symbol, self._bit_rate
        )
        return _Demodulated(position + shift, integrator, soft)

    def _report(self, frame: UplinkFrame, bits: Bits, at: _Demodulated) -> Decoded:
        """Measure a decoded frame and take it out of the spectra."""
        grid = self._grid
        states = states_of(bits)
        measured = measure(at.integrator, at.soft, states, grid.symbol_samples)
        bins = cancel_width(measured.amplitude**2 / self._noise(self._floor.per_bin[at.position]))
        taken = cancel(
            self._store,
            position=at.position,
            start=measured.start - grid.symbol_samples,
            states=states,
            phase=at.soft.phase,
            bins=bins,
        )
        noise = self._noise_left(at, states.size)
        follows = fitted_noise(states.size, bins, grid.bin_hz, noise / self._bit_rate)
        power = max(taken - follows, 0.1 * taken)
        return Decoded(
            frame=frame,
            bit_rate=self._bit_rate,
            start_s=(measured.start + self._first_sample) / grid.rate_hz,
            frequency_hz=self._frequency_hz(at.position) + measured.frequency * self._bit_rate,
            drift_hz_per_s=measured.drift * self._bit_rate**2,
            snr_db=_db(power / noise),
            power_dbfs=_db(power),
        )

    def _undecoded(self, rejected: Rejected, at: _Demodulated) -> Undecoded:
        power = max(float(np.mean(at.soft.soft**2)), 1e-30)
        snr = power / self._noise(self._floor.per_bin[at.position])
        return Undecoded(
            reason=rejected.reason,
            bit_rate=self._bit_rate,
            start_s=(at.soft.start + self._first_sample) / self._grid.rate_hz + 1 / self._bit_rate,
            frequency_hz=self._frequency_hz(at.position),
            snr_db=_db(snr),
        )

    def _noise_left(self, at: _Demodulated, states: int) -> float:
        """Noise power in bit-rate Hz around a frame that was taken out, over its duration."""
        first = int(at.soft.start // self._grid.hop)
        last = first + states // SYMBOLS_PER_HOP
        half = SEGMENT_BINS // 2
        around = self._store.part(first, last, at.position - half, at.position + half)
        power = hann_power(around)[:, 1:-1]
        return self._noise(float(np.median(power[power > 0])) / MEDIAN_OF_MEAN)

    def _noise(self, bin_power: float) -> float:
        """Noise power in bit-rate Hz where a bin holds `bin_power`."""
        return max(bin_power, 1e-30) / self._power_per_noise * self._bit_rate

    def _frequency_hz(self, position: int) -> float:
        return self._center_hz + self._grid.frequency_hz(position)


def _db(ratio: float) -> float:
    return float(10 * np.log10(max(ratio, 1e-30)))
