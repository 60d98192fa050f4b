"""Both ends of a frame, where power comes and goes and no state is sent."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import numpy as np

from radio.dsp.spectra import Complex, Real

# Rows before the first state and after the last: the power ramps; some radio chips send two symbols
# more than the frame holds.
LEAD_ROWS: Final = 2
TRAIL_ROWS: Final = 3
_TERMS: Final = 4
# Noise fills each term once: a ramp is what stands out of it.
_OVER_NOISE: Final = 4.0
# It is a part of the signal, in the symbols outside the frame and in the last within; what is less
# or more is somebody else.
_LEAST_OUTSIDE: Final = 0.03
_LEAST_INSIDE: Final = 0.002
_MOST: Final = 1.5


def ramps(rest: Complex, states: int, signal: float, noise: float) -> Complex:
    """The sender's part of what its states do not explain: a smooth curve in each symbol.

    Args:
        rest: The signal without its carrier and its states, a row for each symbol, LEAD_ROWS before
            the first state, TRAIL_ROWS after the last.
        states: How many.
        signal: Mean power of the frame.
        noise: Noise power in bit-rate Hz.

    Returns:
        Shape as `rest`.
    """
    basis = _basis(rest.shape[1])
    found = np.zeros_like(rest)
    first, last = LEAD_ROWS, LEAD_ROWS + states - 1
    for row in (*range(first + 1), *range(last, rest.shape[0])):
        terms = basis @ rest[row]
        power = float(np.vdot(terms, terms).real) / rest.shape[1]
        least = _LEAST_INSIDE if first <= row <= last else _LEAST_OUTSIDE
        if max(_OVER_NOISE * _TERMS * noise, least * signal) < power < _MOST * signal:
            found[row] = terms @ basis
    return found


@lru_cache(maxsize=64)
def _basis(per_symbol: int) -> Real:
    """Orthonormal polynomials over a symbol: shape (_TERMS, per_symbol)."""
    off = np.linspace(-1, 1, per_symbol)
    orthonormal, _ = np.linalg.qr(np.vander(off, _TERMS, increasing=True))
    return np.ascontiguousarray(orthonormal.T.astype(np.float32))
