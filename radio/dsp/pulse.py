"""What a sender made of known phase states: a pulse, a carrier that wanders, ramps at both ends.

A linear modulation is one pulse per state: y(t) = c(t) * sum of state[k] * g(t - k T). All is held
by symbol (rows) and place within it (columns), so that the least-squares fit of the pulse, whatever
filter the sender uses, is one product of small matrices.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from radio.dsp.blas import LARGEST_PRODUCT
from radio.dsp.ramps import LEAD_ROWS, TRAIL_ROWS, ramps
from radio.dsp.spectra import Complex, Real

PULSE_SYMBOLS: Final = 3
# Before the pulse is known, turns of the phase look like fading: only an average over many tells.
_FIRST_WINDOW: Final = 81
# Fits that follow each other: a better carrier shows the pulse more clearly, and the other way.
_ROUNDS: Final = 3
# States over which the gain is averaged: enough to keep what else is on the air out of it, few
# enough to follow a carrier that wanders by some Hz.
_GAIN_WINDOW: Final = 21
_CLEAR_GAIN_WINDOW: Final = 11
# Power ratio over what disturbs the gain of single states. From here on it shows that a clock
# 20 ppm off shifts the last pulse by 2 thousandths of a symbol.
_CLEAR: Final = 300.0
# What the fit explains at a frequency counts as sent as far as it is more than this many times what
# it would explain of anything.
_BY_CHANCE: Final = 1.5
# Of what the fit explains so much is the sender's at least.
_LEAST_OWN: Final = 0.1

_Number = TypeVar("_Number", np.float64, np.complex64)
_Left = TypeVar("_Left", np.float32, np.float64, np.complex64)


def carrier_turns(phase: NDArray[np.float64], per_symbol: int) -> Complex:
    """The carrier at each place: shape (states + LEAD_ROWS + TRAIL_ROWS, per_symbol).

    Args:
        phase: At the middle of each state, rad; goes on straight before and after.
        per_symbol: Columns.
    """
    before = phase[0] + (phase[1] - phase[0]) * np.arange(-LEAD_ROWS - 1.0, 0)
    after = phase[-1] + (phase[-1] - phase[-2]) * np.arange(1.0, TRAIL_ROWS + 2)
    angles = _between(np.concatenate((before, phase, after)), per_symbol).astype(np.float32)
    turns = np.empty(angles.shape, np.complex64)
    np.cos(angles, out=turns.real)
    np.sin(angles, out=turns.imag)
    return turns


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """A sender's part of a signal.

    Attributes:
        sent: Shape as the signal.
        pulse: Of a state; shape (3 m,).
        power: Mean over the frame; without the noise that the fit followed.
    """

    sent: Complex
    pulse: Complex
    power: float


def rebuild(bare: Complex, states: NDArray[np.int8], noise: float) -> Rebuilt:
    """The sender's part of a signal whose carrier was turned back.

    Args:
        bare: Shape (states + LEAD_ROWS + TRAIL_ROWS, m).
        states: Phase states +1, -1.
        noise: Noise power in bit-rate Hz, about.
    """
    inner = slice(LEAD_ROWS - 1, bare.shape[0] - TRAIL_ROWS + 1)
    body = slice(LEAD_ROWS, LEAD_ROWS + states.size)
    # Not from the rows at the ends, into which the ramps reach.
    core = slice(body.start + 1, body.stop - 1)
    design = _design(states)
    model = np.zeros_like(bare)
    model[body] = states[:, None]
    gain = _averaged(*_single_gains(bare[body], model[body]), _FIRST_WINDOW)
    for _ in range(_ROUNDS):
        spread = _between(_continued(gain, 2), bare.shape[1])
        even = bare[core] * np.conj(spread[2:-2])
        fitted = _fit(design[2:-2], even, np.abs(gain[1:-1]) ** 2)
        model[inner] = _product(design, fitted)
        gain, clear = _gain(bare[body], model[body])
        if clear and design.shape[1] == PULSE_SYMBOLS:
            design = _with_slopes(design)
    spread = _between(_continued(gain, 2), bare.shape[1])
    power = float(np.mean(np.abs(gain) ** 2))
    explained = model[core] * spread[2:-2]
    rest = bare[core] - explained
    fitted, pulse = _significant(fitted, rest, power)
    sent = np.zeros_like(bare)
    sent[inner] = _product(design, fitted) * spread
    sent += ramps(bare - sent, states.size, power, noise)
    # The pulse and its gain follow a part of whatever else is there.
    window = _CLEAR_GAIN_WINDOW if clear else _GAIN_WINDOW
    followed = design.shape[1] / states.size + 1 / (window * bare.shape[1])
    all_explained = _mean_power(explained)
    own = max(all_explained - followed * _mean_power(rest), _LEAST_OWN * all_explained)
    return Rebuilt(sent, pulse * np.float32(np.sqrt(power)), own)


def _mean_power(signal: Complex) -> float:
    return float(np.mean(np.square(signal.real) + np.square(signal.imag)))


def _design(states: NDArray[np.int8]) -> Real:
    """States whose pulses reach each row: shape (states + 2, 3)."""
    padded = np.concatenate(([0, 0], states, [0, 0])).astype(np.float32)
    return np.ascontiguousarray(np.lib.stride_tricks.sliding_window_view(padded, PULSE_SYMBOLS))


def _with_slopes(design: Real) -> Real:
    """The same and once more, growing over the frame."""
    late = np.linspace(-1, 1, design.shape[0], dtype=np.float32)
    return np.concatenate((design, design * late[:, None]), axis=1)


def _fit(design: Real, weighted: Complex, weight: Real) -> Complex:
    """Least squares: shape (columns of the design, m)."""
    normal = (design * weight[:, None]).T @ design
    normal += 1e-6 * weight.sum() * np.eye(design.shape[1], dtype=np.float32)
    right = _product(design.T, weighted)
    return np.linalg.solve(normal, right).astype(np.complex64)


def _gain(bare: Complex, model: Complex) -> tuple[Complex, bool]:
    """Complex gain of each state, averaged over its neighbours, and whether it is clear."""
    single, strength = _single_gains(bare, model)
    gain = _averaged(single, strength, _GAIN_WINDOW)
    beside = np.vdot(strength, np.abs(single - gain) ** 2)
    clear = bool(_CLEAR * beside < np.vdot(strength, np.abs(gain) ** 2))
    return (_averaged(single, strength, _CLEAR_GAIN_WINDOW) if clear else gain), clear


def _single_gains(bare: Complex, model: Complex) -> tuple[Complex, Real]:
    """Gain of each state, and the energy of its model."""
    strength = np.vecdot(model, model).real
    return np.vecdot(model, bare) / (strength + (1e-9 * strength.mean() + 1e-30)), strength


def _averaged(single: Complex, strength: Real, window: int) -> Complex:
    window = min(window, single.size // 2 * 2 - 1)
    half, ones = window // 2, np.ones(window)
    power = _mirrored(strength, half)
    sums = np.convolve(_continued(single, half) * power, ones, "valid")
    return (sums / (np.convolve(power, ones, "valid") + 1e-30)).astype(np.complex64)


def _significant(fitted: Complex, rest: Complex, power: float) -> tuple[Complex, Complex]:
    """The fit, and its pulse, without what it explains of others by chance.

    A fit follows whatever is on the air a little: of a strong neighbour enough to spoil it when it
    is taken out. Where, is seen by frequency: there the rest is strong beside the pulse.
    """
    per_symbol = rest.shape[1]
    usable = rest[: rest.shape[0] // PULSE_SYMBOLS * PULSE_SYMBOLS]
    periods = usable.reshape(-1, PULSE_SYMBOLS * per_symbol)
    spectra = np.fft.fft(periods, axis=1)
    chance = np.square(np.abs(spectra)).mean(axis=0) / (power * rest.shape[0] + 1e-30)
    pulses = np.fft.fft(_in_time(fitted), axis=1)
    found = np.square(np.abs(pulses[0]))
    around = np.ones(3)
    chance = np.convolve(np.concatenate((chance[-1:], chance, chance[:1])), around, "valid")
    found = np.convolve(np.concatenate((found[-1:], found, found[:1])), around, "valid")
    share = np.maximum(0, 1 - _BY_CHANCE * chance / (found + 1e-30))
    kept = np.fft.ifft(pulses * share, axis=1).astype(np.complex64)
    return _by_neighbour(kept, per_symbol), kept[0]


def _in_time(fitted: Complex) -> Complex:
    """Pulses as they run: shape (pulses, 3 m). Fitted are they by the state that they belong to."""
    per_symbol = fitted.shape[1]
    return fitted.reshape(-1, PULSE_SYMBOLS, per_symbol)[:, ::-1].reshape(
        -1, PULSE_SYMBOLS * per_symbol
    )


def _by_neighbour(pulses: Complex, per_symbol: int) -> Complex:
    """As they are fitted, a row for each state that reaches a symbol: shape (3 pulses, m)."""
    return pulses.reshape(-1, PULSE_SYMBOLS, per_symbol)[:, ::-1].reshape(-1, per_symbol)


def _mirrored(values: Real, count: int) -> Real:
    """With `count` more at both ends, the same backwards."""
    return np.concatenate((values[count:0:-1], values, values[-2 : -count - 2 : -1]))


def _continued(values: Complex, count: int) -> Complex:
    """With `count` more at both ends, turned round the end points: what rises goes on rising."""
    before, after = values[count:0:-1], values[-2 : -count - 2 : -1]
    return np.concatenate((2 * values[0] - before, values, 2 * values[-1] - after))


def _product(left: NDArray[_Left], right: NDArray[_Number]) -> NDArray[_Number]:
    """The product of two matrices, by some columns at a time: see LARGEST_PRODUCT."""
    product = np.empty((left.shape[0], right.shape[1]), right.dtype)
    converted, step = left.astype(right.dtype), max(1, LARGEST_PRODUCT // left.size)
    for first in range(0, right.shape[1], step):
        some = slice(first, first + step)
        product[:, some] = converted @ right[:, some]
    return product


def _between(values: NDArray[_Number], per_symbol: int) -> NDArray[_Number]:
    """Values at the middle of each row but the first and last, and between: parabolas."""
    middle = np.lib.stride_tricks.sliding_window_view(values, 3)
    return _product(middle, _parabolas(per_symbol).astype(values.dtype))


@lru_cache(maxsize=64)
def _parabolas(per_symbol: int) -> NDArray[np.float64]:
    off = (np.arange(per_symbol) + 0.5) / per_symbol - 0.5
    return np.array([off * (off - 1) / 2, 1 - off**2, off * (off + 1) / 2])
