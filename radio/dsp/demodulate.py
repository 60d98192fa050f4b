"""A recognised frame to coherent soft symbols."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from radio.dsp.acquire import refine_carrier
from radio.dsp.baseband import Integrator
from radio.dsp.carrier import Carrier, ComplexSymbols, Phases, follow_phase
from radio.dsp.patterns import PATTERN_STATES, header_likeness, type_of
from radio.sigfox.frame_type import FrameTypeMatch

CLOCK_PHASES: Final = 8
# Headers nearly as likely as the likeliest: at 1 dB one in twenty is what was sent.
_DOUBTFUL: Final = 0.92
_MOST_SIGHTS: Final = 3
# The header may have been found two, four … states early or late: its pattern repeats itself.
SLACK_STATES: Final = 8

# A raised cosine over one and a half symbols, in eighths of a symbol. Source: least errors at 2 and
# 6 dB for senders that turn the phase over three quarters of a symbol or a whole one; for sharp
# turns it loses half a decibel.
_PIECES: Final = 8
_RAISED: Final = np.cos(np.pi * (np.arange(12) - 5.5) / 12) ** 2
_PULSE: Final = _RAISED / np.sqrt(np.square(_RAISED).sum() * _PIECES)


@dataclass(frozen=True, slots=True)
class SoftFrame:
    """The phase states of a frame as received, ready for deciding or for joining with others.

    Attributes:
        kind: Its type, as the coherent header tells. Where a frame of this type is longer than what
            was cut out, the end is missing.
        start: Stream sample at which the reference symbol begins.
        symbols: Complex state means, the carrier still in them; shape (bits + 1,).
        carrier: The straight carrier found; origin counted from `start`.
        phase: Phase of each state, the carrier's and what remained; rad.
        soft: Coherent states, real; shape (bits + 1,). One common sign is unknown.
    """

    kind: FrameTypeMatch
    start: float
    symbols: ComplexSymbols
    carrier: Carrier
    phase: Phases
    soft: NDArray[np.float64]

    @property
    def is_whole(self) -> bool:
        """Whether all of a frame of its type was cut out."""
        return self.soft.size > self.kind.frame_class.total_bits


def demodulate(
    integrator: Integrator,
    *,
    start: float,
    states: int,
    symbol_samples: float,
    bit_rate: int,
    strong: bool,
    told: int | None,
) -> Sights:
    """Soft states of a whole frame, read in all ways that its header leaves open.

    Args:
        integrator: Of the signal, its carrier taken away as well as the header knew it.
        start: Stream sample at which the reference symbol begins, to a fifth of a symbol.
        states: How many states it has, by that type.
        symbol_samples: Length of a symbol in stream samples.
        bit_rate: 100 or 600.
        strong: Far above the noise.
        told: Number of its type where the header left no doubt about type and start.
    """
    edges = start + symbol_samples * np.arange(-SLACK_STATES, states + SLACK_STATES + 1.0)
    edges += _clock_offset(integrator, edges, symbol_samples)
    symbols = integrator.means(edges)
    carrier = refine_carrier(symbols[SLACK_STATES:-SLACK_STATES], bit_rate, strong=strong)
    phase = carrier.phase(np.arange(-SLACK_STATES, states + SLACK_STATES, dtype=np.float64))
    straight = symbols * np.exp(-1j * phase)
    bend = follow_phase(straight)
    turned = np.exp(-1j * (phase + bend))
    rect, smooth = (symbols * turned).real, (_weighted(integrator, edges) * turned).real
    # Noise is the same in both: the one that fits the sender's pulse is larger.
    soft = rect if np.abs(rect).sum() >= np.abs(smooth).sum() else smooth
    all_states = _States(edges, symbols, carrier, phase + bend, soft)
    seen, *doubtful = _headers(straight)
    sure = dict.fromkeys([seen] if told is None else [(SLACK_STATES, told), seen])
    return Sights(
        [all_states.frame(*place) for place in sure],
        [all_states.frame(*place) for place in doubtful if place not in sure],
    )


@dataclass(frozen=True, slots=True)
class Sights:
    """A frame read in several ways.

    Attributes:
        likely: As told by the header, and as its coherent states are most like a header.
        doubtful: As they are nearly as much like one.
    """

    likely: list[SoftFrame]
    doubtful: list[SoftFrame]


@dataclass(frozen=True, slots=True)
class _States:
    """The states of a frame and some before and after it; fields as of a SoftFrame."""

    edges: NDArray[np.float64]
    symbols: ComplexSymbols
    carrier: Carrier
    phase: Phases
    soft: NDArray[np.float64]

    def frame(self, first: int, number: int) -> SoftFrame:
        """The frame of this type that begins at this state."""
        kind = type_of(self.soft[first : first + PATTERN_STATES], number)
        inside = slice(first, first + kind.frame_class.total_bits + 1)
        return SoftFrame(
            kind=kind,
            start=float(self.edges[first]),
            symbols=self.symbols[inside],
            carrier=replace(self.carrier, origin=self.carrier.origin + SLACK_STATES - first),
            phase=self.phase[inside],
            soft=self.soft[inside],
        )


def _weighted(integrator: Integrator, edges: NDArray[np.float64]) -> ComplexSymbols:
    """Symbols weighted as senders shape them that turn their phase slowly; noise as in means."""
    step = (edges[1] - edges[0]) / _PIECES
    outside = (_PULSE.size - _PIECES) // 2
    count = (edges.size - 1) * _PIECES
    pieces = integrator.means(edges[0] + step * np.arange(-outside, count + outside + 1.0))
    windows = np.lib.stride_tricks.sliding_window_view(pieces, _PULSE.size)[::_PIECES]
    weighted: ComplexSymbols = windows @ _PULSE
    return weighted


def _headers(straight: ComplexSymbols) -> list[tuple[int, int]]:
    """First state and number of the type of the headers that are most like these symbols."""
    heads = np.lib.stride_tricks.sliding_window_view(straight, PATTERN_STATES)
    likeness = header_likeness(heads[: 2 * SLACK_STATES + 1 : 2])
    order = np.argsort(-likeness, axis=None)[:_MOST_SIGHTS]
    places, numbers = np.unravel_index(order, likeness.shape)
    alike = likeness[places, numbers] >= _DOUBTFUL * likeness.max()
    return [(2 * int(p), int(n)) for p, n in zip(places[alike], numbers[alike], strict=True)]


def _clock_offset(
    integrator: Integrator, edges: NDArray[np.float64], symbol_samples: float
) -> float:
    """Shift of the edges, within half a symbol, at which the integrals hold most energy."""
    shifts = np.arange(CLOCK_PHASES) / CLOCK_PHASES
    trials = integrator.means(edges[None, :] + shifts[:, None] * symbol_samples)
    energy = np.square(np.abs(trials)).sum(axis=1)
    # Energy over the shift is a smooth wave of one period a symbol: its phase is the clock.
    turn = np.angle(np.sum(energy * np.exp(2j * np.pi * shifts)))
    return float(turn / (2 * np.pi) * symbol_samples)
