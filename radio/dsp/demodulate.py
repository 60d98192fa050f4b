"""An acquired frame to coherent soft symbols, and these to a decoded frame."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from radio.dsp.acquire import Acquired, drift_grid, drift_step
from radio.dsp.baseband import Integrator
from radio.dsp.carrier import Carrier, ComplexSymbols, Phases, Search, find_carrier, follow_phase
from radio.dsp.repair import repair
from radio.sigfox.bits import Bits, bits_of_word, word_of
from radio.sigfox.frame_type import (
    FRAME_TYPE_BITS,
    HEADER_BITS,
    PREAMBLE_BITS,
    FrameTypeMatch,
    nearest_frame_type,
)
from radio.sigfox.rejected import Reason, Rejected
from radio.sigfox.uplink import PREAMBLE, UplinkFrame, decode_body

# The head knew the drift to about 1 Hz/s at 100 bit/s; the whole frame knows it ten times better.
_REFINE_LIMIT_HZ_PER_S: Final = 4.0
_REFINE_LIMIT_FREQUENCY: Final = 0.12


@dataclass(frozen=True, slots=True)
class SoftFrame:
    """The phase states of a frame as received, ready for deciding or for joining with others.

    Attributes:
        start: Stream sample at which the reference symbol begins.
        symbols: Complex state means, the carrier still in them; shape (bits + 1,).
        carrier: The straight carrier found; origin counted from `start`.
        phase: Phase of each state, the carrier's and what remained; rad.
        soft: Coherent states, real; shape (bits + 1,). One common sign is unknown.
    """

    start: float
    symbols: ComplexSymbols
    carrier: Carrier
    phase: Phases
    soft: NDArray[np.float64]


def demodulate(
    integrator: Integrator, acquired: Acquired, symbol_samples: float, bit_rate: int
) -> SoftFrame:
    """Soft states of the whole frame that was acquired."""
    states = acquired.frame_class.total_bits + 1
    edges = acquired.start + np.arange(states + 1) * symbol_samples
    symbols = integrator.means(edges)
    numbers = np.arange(states, dtype=np.float64)
    rough = acquired.carrier
    straightened = symbols * np.exp(-1j * rough.phase(numbers))
    middle = 0.5 * (states - 1)
    rest = find_carrier(
        straightened,
        Search(
            _REFINE_LIMIT_FREQUENCY, drift_grid(bit_rate, _REFINE_LIMIT_HZ_PER_S, drift_step(states)), middle
        ),
    )
    carrier = Carrier(
        frequency=rough.frequency + rough.drift * (middle - rough.origin) + rest.frequency,
        drift=rough.drift + rest.drift,
        origin=middle,
        clearness=rest.clearness,
    )
    straight = symbols * np.exp(-1j * carrier.phase(numbers))
    bend = follow_phase(straight)
    return SoftFrame(
        start=acquired.start,
        symbols=symbols,
        carrier=carrier,
        phase=carrier.phase(numbers) + bend,
        soft=(straight * np.exp(-1j * bend)).real,
    )


def decide(soft: NDArray[np.float64]) -> tuple[UplinkFrame | Rejected, Bits]:
    """Decode by the sign of each state (equal neighbours are a 1), repaired if the CRC demands it.

    Returns:
        The frame or the reason against it, and the bits as they were sent as far as known
        (preamble and frame type repaired).
    """
    bits = _hard_bits(soft)
    match = nearest_frame_type(word_of(bits[PREAMBLE_BITS:HEADER_BITS]))
    if match is None:
        return Rejected(Reason.FRAME_TYPE), bits
    bits[:HEADER_BITS] = _header(match)
    result = decode_body(match, bits[HEADER_BITS:])
    if result != Rejected(Reason.CRC):
        return result, bits
    turned = repair(soft, bits[HEADER_BITS:], match.frame_class, match.rank)
    if turned is None:
        return result, bits
    mended = soft.copy()
    mended[turned] *= -1
    bits[HEADER_BITS:] = _hard_bits(mended)[HEADER_BITS:]
    return decode_body(match, bits[HEADER_BITS:]), bits


def _hard_bits(soft: NDArray[np.float64]) -> Bits:
    return (soft[1:] * soft[:-1] > 0).astype(np.uint8)


def _header(match: FrameTypeMatch) -> Bits:
    code = match.frame_class.codes[match.rank - 1]
    return np.concatenate((PREAMBLE, bits_of_word(code, FRAME_TYPE_BITS)))
