"""From a candidate to a frame's exact start, type, carrier and drift.

The first 113 phase states are there in every class. They give the carrier (squared, so no bit need
be known) and the symbol clock (energy is greatest when no integration straddles a phase change);
then the 33 states of preamble and frame type, known but for the type, are sought in the coherent
symbols around the expected start.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from radio.dsp.baseband import Integrator
from radio.dsp.carrier import Carrier, ComplexSymbols, Search, find_carrier, follow_phase
from radio.sigfox.bits import bits_of_word
from radio.sigfox.frame_type import (
    FRAME_CLASSES,
    FRAME_TYPE_BITS,
    RANKS,
    FrameClass,
    FrameTypeMatch,
)
from radio.sigfox.uplink import PREAMBLE

HEAD_STATES: Final = 113  # the shortest frame, 112 bits, and its reference symbol
LONGEST_STATES: Final = 1 + max(c.total_bits for c in FRAME_CLASSES.values())
SLACK_STATES: Final = 16  # how far off the expected start may be, at either side
CLOCK_STATES: Final = 1  # how far trials of the symbol clock reach beyond the head
CLOCK_PHASES: Final = 8
# Half-way through the preamble: where the candidate's frequency was seen.
ORIGIN_STATE: Final = 10.0
FREQUENCY_LIMIT: Final = 0.17
DRIFT_LIMIT_HZ_PER_S: Final = 60.0
# Correlation with the best of 18 patterns at 33 places: noise stays below 0.7 but for one trial in
# hundreds, a frame at 3 dB is above 0.85.
PATTERN_THRESHOLD: Final = 0.70
BEST_STARTS: Final = 3


def states_of(bits: NDArray[np.uint8]) -> NDArray[np.int8]:
    """Phase states (+1, -1) of differentially coded bits: a 0 turns the phase; the first is +1."""
    turns = np.cumsum(bits == 0) % 2
    return np.concatenate(([1], 1 - 2 * turns)).astype(np.int8)


def _patterns() -> tuple[list[FrameTypeMatch], NDArray[np.float64]]:
    types = [
        FrameTypeMatch(frame_class, rank, 0)
        for frame_class in FRAME_CLASSES.values()
        for rank in RANKS
    ]
    rows = [
        states_of(
            np.concatenate(
                (PREAMBLE, bits_of_word(t.frame_class.codes[t.rank - 1], FRAME_TYPE_BITS))
            )
        )
        for t in types
    ]
    return types, np.array(rows, np.float64)


_TYPES, _PATTERNS = _patterns()
_PATTERN_STATES: Final = _PATTERNS.shape[1]


@dataclass(frozen=True, slots=True)
class Acquired:
    """A probable frame.

    Attributes:
        start: Stream sample at which the reference symbol begins.
        frame_class: Its class, as far as the pattern tells.
        rank: Its rank, likewise.
        carrier: Per symbol, origin counted from `start`; relative to the baseband's 0 Hz.
        likeness: Correlation with the pattern, 0 to 1.
    """

    start: float
    frame_class: FrameClass
    rank: int
    carrier: Carrier
    likeness: float


def drift_step(states: int) -> float:
    """Spacing of trial drifts that loses at most half a decibel over so many states."""
    return 2.4 / (2 * np.pi * (states / 2) ** 2)


def drift_grid(bit_rate: int, limit_hz_per_s: float, step: float) -> NDArray[np.float64]:
    """Drifts to try, cycles per symbol per symbol; `step` likewise; always holds 0."""
    steps = int(np.ceil(limit_hz_per_s / bit_rate**2 / step))
    grid: NDArray[np.float64] = step * np.arange(-steps, steps + 1.0)
    return grid


# Half a step bends the squared phase by 1.2 rad at the ends of the head: half a decibel at worst.
_HEAD_STEP: Final = drift_step(HEAD_STATES)


def acquire(
    integrator: Integrator, expected_start: float, symbol_samples: float, bit_rate: int
) -> list[Acquired]:
    """Probable frames near `expected_start` (stream samples), the most probable first."""
    edges = expected_start + symbol_samples * np.arange(-SLACK_STATES, HEAD_STATES + 1.0)
    clock = _clock_offset(integrator, edges, symbol_samples)
    symbols = integrator.means(edges + clock)
    head = symbols[SLACK_STATES:]
    search = Search(
        FREQUENCY_LIMIT, drift_grid(bit_rate, DRIFT_LIMIT_HZ_PER_S, _HEAD_STEP), ORIGIN_STATE
    )
    carrier = find_carrier(head, search)
    numbers = np.arange(-SLACK_STATES, HEAD_STATES, dtype=np.float64)
    coherent = _coherent(symbols, carrier, numbers)
    found = []
    for offset, type_number, likeness in _best_matches(coherent):
        kind = _TYPES[type_number]
        shift = offset - SLACK_STATES
        found.append(
            Acquired(
                start=float(edges[offset] + clock),
                frame_class=kind.frame_class,
                rank=kind.rank,
                carrier=Carrier(
                    carrier.frequency, carrier.drift, ORIGIN_STATE - shift, carrier.clearness
                ),
                likeness=likeness,
            )
        )
    return found


def _clock_offset(
    integrator: Integrator, edges: NDArray[np.float64], symbol_samples: float
) -> float:
    """Shift of the edges, within half a symbol, at which the integrals hold most energy."""
    shifts = np.arange(CLOCK_PHASES) / CLOCK_PHASES
    inner = edges[SLACK_STATES:]
    trials = integrator.means(inner[None, :] + shifts[:, None] * symbol_samples)
    energy = np.square(np.abs(trials)).sum(axis=1)
    # Energy over the shift is a smooth wave of one period a symbol: its phase is the clock.
    turn = np.angle(np.sum(energy * np.exp(2j * np.pi * shifts)))
    return float(turn / (2 * np.pi) * symbol_samples)


def _coherent(
    symbols: ComplexSymbols, carrier: Carrier, numbers: NDArray[np.float64]
) -> NDArray[np.float64]:
    straight = symbols * np.exp(-1j * carrier.phase(numbers))
    coherent: NDArray[np.float64] = (straight * np.exp(-1j * follow_phase(straight))).real
    return coherent


def _best_matches(coherent: NDArray[np.float64]) -> list[tuple[int, int, float]]:
    """(offset, type, likeness) of the best patterns, at most one an offset."""
    windows = np.lib.stride_tricks.sliding_window_view(coherent, _PATTERN_STATES)
    windows = windows[: 2 * SLACK_STATES + 1]
    energy = np.sqrt(np.square(windows).sum(axis=1) * _PATTERN_STATES) + 1e-30
    likeness = np.abs(windows @ _PATTERNS.T) / energy[:, None]
    best_type = likeness.argmax(axis=1)
    best = likeness[np.arange(best_type.size), best_type]
    order = np.argsort(-best)[:BEST_STARTS]
    return [
        (int(o), int(best_type[o]), float(best[o])) for o in order if best[o] >= PATTERN_THRESHOLD
    ]
