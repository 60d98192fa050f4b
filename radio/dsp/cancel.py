"""Take a decoded frame out of the spectra, so that what it covered can be seen.

A linear modulation is one pulse per state: y(t) = c(t) * sum of state[k] * g(t - k T). The carrier
c is known from the states; the pulse g, whatever filter the sender uses, is the least-squares fit
over the whole frame, three symbols long. What is rebuilt from both is subtracted from the blocks.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from radio.dsp.baseband import slice_baseband
from radio.dsp.spectra import Complex, SpectraStore

PULSE_SYMBOLS: Final = 3
_MOST_NODES: Final = 32  # points of the pulse per symbol
_GAIN_WINDOW: Final = 21
# Side lobes of sharp phase turns fall with the square of the distance; where they are a tenth of
# the noise, cleaning ends. Powers of two are quick to transform.
_NARROWEST_BINS: Final = 256
_WIDEST_BINS: Final = 2048


def cancel_width(snr: float) -> int:
    """Bins to clean for a signal of this power ratio over the noise in bit-rate Hz."""
    bins = _NARROWEST_BINS
    while bins < _WIDEST_BINS and bins < 12 * np.sqrt(snr):
        bins *= 2
    return bins


def cancel(
    store: SpectraStore,
    *,
    position: int,
    start: float,
    states: NDArray[np.int8],
    phase: NDArray[np.float64],
    bins: int,
) -> float:
    """Subtract one frame from the store; return the mean power that was taken out.

    Args:
        store: Block spectra, changed in place.
        position: Bin that `phase` is relative to.
        start: Stream sample at which the reference symbol begins.
        states: Phase states +1, -1.
        phase: Carrier phase at the middle of each state, rad.
        bins: Width to clean; even. A strong signal is wider.
    """
    symbol = store.grid.symbol_samples
    stop = start + (states.size + 2) * symbol
    signal = slice_baseband(
        store, start=start - 2 * symbol, stop=stop, position=position, bins=bins
    )
    step = store.grid.rate_hz / signal.rate_hz
    # Fractional state numbers; state k lies in [k, k + 1).
    number: NDArray[np.float64] = (
        signal.start - start + step * np.arange(float(signal.samples.size))
    ) / symbol
    carrier = _carrier(signal.samples, number, states, phase)
    nodes = min(_MOST_NODES, bins // 16)  # at least one sample in each, whatever the rate
    pulse = _fit_pulse(
        signal.samples.astype(np.complex128) * np.conj(carrier),
        np.abs(carrier) ** 2,
        number,
        states,
        nodes,
    )
    rebuilt = np.multiply(carrier, _render(pulse, number, states)).astype(np.complex64)
    _subtract(store, rebuilt, signal.start, position, bins)
    inside = (number >= 0) & (number < states.size)
    return float(np.mean(np.abs(rebuilt[inside]) ** 2))


def fitted_noise(states: int, bins: int, bin_hz: float, noise_per_hz: float) -> float:
    """Power of the noise that a fit of PULSE_SYMBOLS numbers at each place in a symbol follows."""
    return PULSE_SYMBOLS / states * bins * bin_hz * noise_per_hz


def _carrier(
    samples: Complex,
    number: NDArray[np.float64],
    states: NDArray[np.int8],
    phase: NDArray[np.float64],
) -> NDArray[np.complex128]:
    """Complex gain at each sample: the sender's amplitude and phase, smoothed over many states."""
    middle = np.arange(states.size) + 0.5
    turn = np.exp(1j * np.interp(number, middle, phase))
    whole = np.clip(np.floor(number).astype(int), 0, states.size - 1)
    inside = (number >= 0) & (number < states.size)
    bare = np.where(inside, samples * np.conj(turn) * states[whole], 0)
    sums = np.bincount(whole, bare.real, states.size) + 1j * np.bincount(
        whole, bare.imag, states.size
    )
    window = np.ones(min(_GAIN_WINDOW, states.size))
    counts = np.bincount(whole[inside], minlength=states.size).astype(float)
    gain = np.convolve(sums, window, "same") / np.maximum(1, np.convolve(counts, window, "same"))
    carrier: NDArray[np.complex128] = turn * (
        np.interp(number, middle, gain.real) + 1j * np.interp(number, middle, gain.imag)
    )
    return carrier


def _padded(states: NDArray[np.int8], number: NDArray[np.float64]) -> NDArray[np.float64]:
    """States whose pulses reach each sample: shape (n, 3), the one before, this, the one after."""
    padded = np.concatenate(([0, 0], states, [0, 0])).astype(np.float64)
    whole = np.clip(np.floor(number).astype(int), -1, states.size) + 2
    neighbours: NDArray[np.float64] = padded[whole[:, None] + np.array([-1, 0, 1])]
    return neighbours


def _fit_pulse(
    derotated: NDArray[np.complex128],
    weight: NDArray[np.float64],
    number: NDArray[np.float64],
    states: NDArray[np.int8],
    nodes: int,
) -> NDArray[np.complex128]:
    """The pulse on a grid: shape (nodes, 3), by place within the symbol and by neighbour."""
    near = (number >= -1) & (number < states.size + 1)
    derotated, weight, number = derotated[near], weight[near], number[near]
    neighbours = _padded(states, number)
    node = (np.mod(number, 1.0) * nodes).astype(int)
    pulse = np.zeros((nodes, PULSE_SYMBOLS), np.complex128)
    order = np.argsort(node, kind="stable")
    bounds = np.searchsorted(node[order], np.arange(nodes + 1))
    for place in range(nodes):
        rows = order[bounds[place] : bounds[place + 1]]
        a, w = neighbours[rows], weight[rows]
        normal = (a * w[:, None]).T @ a + 1e-6 * w.sum() * np.eye(PULSE_SYMBOLS)
        pulse[place] = np.linalg.solve(normal, a.T @ derotated[rows])
    return pulse


def _render(
    pulse: NDArray[np.complex128], number: NDArray[np.float64], states: NDArray[np.int8]
) -> NDArray[np.complex128]:
    near = (number >= -1) & (number < states.size + 1)
    node = (np.mod(number, 1.0) * pulse.shape[0]).astype(int)
    rendered = (_padded(states, number) * pulse[node]).sum(axis=1)
    return np.where(near, rendered, 0)


def _subtract(
    store: SpectraStore, rebuilt: Complex, start: float, position: int, bins: int
) -> None:
    """Transform the rebuilt signal block by block, as the stream was, and subtract."""
    grid = store.grid
    half = bins // 2
    first = round((start - grid.size // 4) / grid.hop)  # the block whose middle half starts there
    padded = np.concatenate((np.zeros(bins, np.complex64), rebuilt, np.zeros(bins, np.complex64)))
    # Block `first + j` begins a quarter of a block before its middle half.
    offsets = bins - bins // 4 + half * np.arange(-1, rebuilt.size // half + 1)
    windows = padded[offsets[:, None] + np.arange(bins)]
    spectra = np.fft.fftshift(np.fft.fft(windows, axis=1), axes=1) * np.float32(grid.size / bins)
    numbers = first + np.arange(-1, offsets.size - 1)
    odd = (grid.low_bin + position) % 2
    spectra *= np.where(odd * numbers % 2, -1, 1)[:, None]
    store.subtract(int(numbers[0]), position - half, spectra.astype(np.complex64))
