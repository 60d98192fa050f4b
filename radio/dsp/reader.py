"""Read one frame out of the spectra: cut it out, demodulate, decide."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from radio.dsp.baseband import Chirp, Integrator, slice_baseband, straightened
from radio.dsp.carrier import Carrier, follow_known
from radio.dsp.decide import decide
from radio.dsp.demodulate import SLACK_STATES, SoftFrame, demodulate
from radio.dsp.detect import Candidates
from radio.dsp.header import CLEAR_ENERGY, ORIGIN_STATE, Header, HeaderReader
from radio.dsp.heard import Cut, Heard
from radio.dsp.local_noise import LocalNoise
from radio.dsp.patterns import PATTERN_STATES, pattern_of, states_of, type_number
from radio.dsp.replicas import Replica
from radio.dsp.report import Decoded
from radio.dsp.spectra import SpectraStore
from radio.dsp.taker import FrameTaker
from radio.dsp.trellis import body_states
from radio.dsp.weight import weights
from radio.sigfox.rejected import Reason
from radio.sigfox.uplink import UplinkFrame

# Energy of a header's 33 states over the noise density: 9 dB a state.
STRONG_HEADER: Final = 260.0
_MARGIN_STATES: Final = SLACK_STATES + 2


class FrameReader:
    """Reads frames of one bit rate from a store of spectra; those that decode are taken out."""

    def __init__(self, store: SpectraStore, noise: LocalNoise, taker: FrameTaker) -> None:
        self._store, self._noise, self._taker = store, noise, taker
        self._grid = store.grid
        self._bit_rate = store.grid.bit_rate
        self._headers = HeaderReader(store)

    def headers(self, candidates: Candidates) -> list[Header | None]:
        """The header at each candidate, None where there is none."""
        return self._headers.read(candidates, self._noise.at(candidates.position))

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
        likely, doubtful = self._cuts(header)
        failed: list[Heard] = []
        for cut in likely:
            if not cut.soft.is_whole:
                return _as_read(header, cut.soft)
            result = self._try(header, cut)
            if isinstance(result, Decoded):
                return result
            failed.insert(0, result)
        failed += [
            self._heard(header, cut, self._trust(cut), Reason.FRAME_TYPE)
            for cut in doubtful
            if cut.soft.is_whole
        ]
        return replace(failed[0], others=tuple(failed[1:]))

    def _try(self, header: Header, cut: Cut) -> Decoded | Heard:
        soft, trust = cut.soft, self._trust(cut)
        odds = _odds(soft, trust, self._noise.before(cut.position))
        result, bits = decide(soft.soft * trust, odds, soft.kind)
        if isinstance(result, UplinkFrame):
            return self._taker.take_out(result, states_of(bits), cut)
        return self._heard(header, cut, trust, result.reason)

    def _trust(self, cut: Cut) -> NDArray[np.float64]:
        return weights(cut.soft, self._noise.before(cut.position))

    def _heard(self, header: Header, cut: Cut, trust: NDArray[np.float64], reason: Reason) -> Heard:
        soft, pattern = cut.soft, pattern_of(cut.soft.kind)
        # By amplitude and trust: what a strong replica says counts more.
        amplitude = np.abs(soft.soft[:PATTERN_STATES] @ pattern) / PATTERN_STATES
        states = body_states(amplitude * trust * soft.soft, pattern)
        undecoded = self._taker.failed(reason, cut)
        return Heard(_as_read(header, soft), soft.kind.errors, cut, states, undecoded)

    def take_out(self, replica: Replica) -> Decoded:
        """Measure a frame whose bits its replicas told, and subtract it from the spectra."""
        heard, states = replica.heard, states_of(replica.bits)
        phase = follow_known(heard.cut.soft.symbols, states, heard.cut.soft.carrier)
        soft = replace(heard.cut.soft, phase=phase)
        cut = replace(heard.cut, soft=soft)
        return replace(self._taker.take_out(replica.frame, states, cut), combined=True)

    def _cuts(self, header: Header) -> tuple[list[Cut], list[Cut]]:
        """Cut the frame out around its middle frequency and demodulate it, as Sights says."""
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
        # A clear one tells type and start also where the carrier wanders later.
        clear = header.energy >= CLEAR_ENERGY
        sights = demodulate(
            integrator,
            start=header.start,
            states=states,
            symbol_samples=symbol,
            bit_rate=self._bit_rate,
            strong=header.energy >= STRONG_HEADER,
            told=type_number(header.frame_class, header.rank) if clear else None,
        )
        likely, doubtful = (
            [Cut(position, chirp, integrator, soft) for soft in some]
            for some in (sights.likely, sights.doubtful)
        )
        return likely, doubtful


def _as_read(header: Header, soft: SoftFrame) -> Header:
    """The header as the frame's coherent states show it."""
    kind = soft.kind
    return replace(header, start=soft.start, frame_class=kind.frame_class, rank=kind.rank)


def _odds(soft: SoftFrame, trust: NDArray[np.float64], noise: float) -> float:
    """Log odds for the sign of a state, per its size by trust."""
    beside = np.square((soft.symbols * np.exp(-1j * soft.phase)).imag)
    disturbance = max(noise, 2 * float(np.mean(trust * beside)))
    power = float(np.mean(np.square(soft.soft))) - 0.5 * disturbance
    return 4 * float(np.sqrt(max(power, 0.0))) / disturbance
