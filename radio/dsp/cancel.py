"""Take a decoded frame out of the spectra, so that what it covered can be seen.

What is known of the frame, its states and its carrier, is fitted to the signal with whatever the
sender made of it; what is rebuilt from the fit is subtracted from the blocks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from radio.dsp.pulse import Rebuilt, carrier_turns, rebuild
from radio.dsp.ramps import LEAD_ROWS, TRAIL_ROWS
from radio.dsp.raster import Raster
from radio.dsp.spectra import BLOCK_SYMBOLS, Complex, SpectraStore

# Signals are cleaned as far from the carrier as they are stronger than this share of the noise.
_LEAST_OF_NOISE: Final = 0.1
# In symbols per second, both sides together. Powers of two are quick to transform.
_NARROWEST_SYMBOLS: Final = 16
_USUAL_SYMBOLS: Final = 32
_WEAK_SNR: Final = 50.0
_WIDEST_SYMBOLS: Final = 1024
# Side lobes measured are sometimes somebody else's. None are stronger than those of sharp turns, of
# which at a distance of f symbol rates 1 / (2 pi^2 f^2) of the power is left in a symbol rate.
_MARGIN: Final = 3.0
# Part of the cut in which its outermost side lobes are measured.
_TAIL: Final = (0.55, 0.95)


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a decoded frame, whatever store it is to be taken out of.

    Attributes:
        start: Stream sample at which its reference symbol begins.
        symbol_samples: Stream samples of a symbol.
        states: Phase states +1, -1.
        phase: Carrier phase at the middle of each state, rad, relative to `frequency_hz`.
        frequency_hz: Relative to the centre of the stream.
        noise_per_hz: Noise density around it.
        snr: Power ratio over the noise in bit-rate Hz, about.
    """

    start: float
    symbol_samples: float
    states: NDArray[np.int8]
    phase: NDArray[np.float64]
    frequency_hz: float
    noise_per_hz: float
    snr: float

    @property
    def stop(self) -> float:
        """Stream sample at which the last that the sender sent may end."""
        return self.start + (self.states.size + TRAIL_ROWS) * self.symbol_samples


@dataclass(frozen=True, slots=True)
class Taken:
    """What was taken out.

    Attributes:
        power: Mean over the frame, full scale squared; without the noise that the fit followed.
        half_hz: How far from the carrier it was taken out.
    """

    power: float
    half_hz: float


def cancel(store: SpectraStore, known: Known) -> Taken:
    """Subtract one frame from the store."""
    bit_rate = store.grid.rate_hz / known.symbol_samples
    first = symbols = _NARROWEST_SYMBOLS if known.snr < _WEAK_SNR else _USUAL_SYMBOLS
    raster = _raster(store, known, symbols)
    sent, rebuilt = _sent(store, known, raster)
    wanted = _wanted_symbols(rebuilt.pulse, raster, known.noise_per_hz, bit_rate)
    while symbols < min(wanted, _most_symbols(known.snr)):
        symbols *= 2
    if symbols > first:
        raster = _raster(store, known, symbols)
        sent, _ = _sent(store, known, raster)
    raster.subtract(store, sent)
    return Taken(rebuilt.power, raster.half_hz)


def _raster(store: SpectraStore, known: Known, symbols: int) -> Raster:
    grid = store.grid
    bins = 4 * -(-symbols * grid.size // (4 * round(known.symbol_samples)))
    return Raster.around(
        grid,
        position=round(grid.position(known.frequency_hz)),
        bins=max(bins, 4 * BLOCK_SYMBOLS),
        start=known.start - LEAD_ROWS * known.symbol_samples,
        symbol_samples=known.symbol_samples,
        rows=known.states.size + LEAD_ROWS + TRAIL_ROWS,
    )


def _sent(store: SpectraStore, known: Known, raster: Raster) -> tuple[Complex, Rebuilt]:
    """What the sender sent, as the raster cuts it, and what it was rebuilt from."""
    grid = raster.grid
    middles = known.start + known.symbol_samples * (np.arange(known.states.size) + 0.5)
    off_hz = known.frequency_hz - grid.frequency_hz(raster.position)
    phase = known.phase + 2 * np.pi * off_hz / grid.rate_hz * middles
    turns = carrier_turns(phase, raster.per_symbol)
    noise = known.noise_per_hz * grid.rate_hz / known.symbol_samples
    rebuilt = rebuild(raster.cut(store) * np.conj(turns), known.states, noise)
    return rebuilt.sent * turns, rebuilt


def _most_symbols(snr: float) -> float:
    """As `_wanted_symbols`, for the sharpest turns."""
    reach = np.sqrt(max(snr, 0.0) / (2 * np.pi**2 * _LEAST_OF_NOISE))
    return min(2 * _MARGIN * float(reach), _WIDEST_SYMBOLS)


def _wanted_symbols(pulse: Complex, raster: Raster, noise_per_hz: float, bit_rate: float) -> float:
    """Width, in symbols per second, outside of which the signal's side lobes drown in the noise.

    Side lobes of sharp phase turns fall with the square of the distance, all others faster.
    """
    spectrum = np.square(np.abs(np.fft.fft(pulse)))
    away_hz = np.abs(np.fft.fftfreq(pulse.size)) * raster.per_symbol * bit_rate
    low, high = (share * raster.half_hz for share in _TAIL)
    tail = spectrum[(away_hz >= low) & (away_hz < high)]
    # Power per Hz of random states with this pulse.
    per_hz = float(tail.mean()) / raster.per_symbol**2 / bit_rate if tail.size else 0.0
    reach_hz = np.sqrt(low * high * per_hz / (_LEAST_OF_NOISE * noise_per_hz + 1e-30))
    return float(2 * reach_hz / bit_rate) if reach_hz > raster.half_hz else 0.0
