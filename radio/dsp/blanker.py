"""Short strong impulses (ignition, switching, radar) are cut out before anything else sees them.

An impulse stands out of what is on the air just before and just after it. A frame, however strong,
begins and then stays: it stands out of one side only.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from radio.dsp.spectra import Complex, Real

# Power is looked at in windows of this length: noise of four samples never reaches the threshold.
_WINDOW_S: Final = 16e-6
# What is usual is the lowest quarter of segments of this many windows, 6.4 ms: half a dozen
# impulses a segment leave it alone.
_WINDOWS: Final = 400
_QUARTER: Final = _WINDOWS // 4
# Over what is usual beside it: 13 dB over noise. Of strong frames that beat against each other less
# than a ten thousandth comes so far.
_STRONG: Final = 32.0
# What belongs to an impulse: its flanks, as far as they are this strong.
_FLANK: Final = 8.0
_FLANK_WINDOWS: Final = 8
# Of a segment; what lasts longer is no impulse.
_MOST: Final = 0.75


class Blanker:
    """Puts zeros in place of impulses; gives samples a few milliseconds later than it takes them.

    Attributes:
        blanked_samples: How many were replaced.
    """

    def __init__(self, rate_hz: float) -> None:
        self._window = max(1, round(_WINDOW_S * rate_hz))
        self._segment = self._window * _WINDOWS
        self._tail: Complex = np.zeros(0, np.complex64)
        self._before = np.float32(0)
        self.blanked_samples = 0

    def take(self, samples: Complex) -> Complex:
        """Take consecutive samples; return those before that can be judged now."""
        waiting = np.concatenate((self._tail, samples))
        count = waiting.size // self._segment
        if count <= 1:
            self._tail = waiting
            return waiting[:0]
        power = self._power(waiting[: count * self._segment])
        usual = np.partition(power, _QUARTER, axis=1)[:, _QUARTER]
        beside = np.maximum(np.concatenate(([self._before], usual[:-2])), usual[1:])
        self._before = usual[-2]
        ready, self._tail = np.split(waiting, [(count - 1) * self._segment])
        return self._blanked(ready, power[:-1], beside[:, None])

    def flush(self) -> Complex:
        """The samples that still wait; the stream has ended."""
        rest, self._tail = self._tail, self._tail[:0]
        return rest

    def _power(self, samples: Complex) -> Real:
        """Of each window: shape (segments, _WINDOWS)."""
        parts = samples.view(np.float32).reshape(-1, 2 * self._window)
        power: Real = np.vecdot(parts, parts).reshape(-1, _WINDOWS)
        return power

    def _blanked(self, samples: Complex, power: Real, beside: Real) -> Complex:
        strong = (power > _STRONG * beside) & (beside > 0)
        if not strong.any():
            return samples
        flanks = power > _FLANK * beside
        windows = _grown(strong.reshape(-1), flanks.reshape(-1)).reshape(strong.shape)
        windows &= windows.mean(axis=1, keepdims=True) <= _MOST
        cut = np.repeat(windows.reshape(-1), self._window)
        self.blanked_samples += int(cut.sum())
        return np.where(cut, np.complex64(0), samples)


def _grown(strong: NDArray[np.bool_], flanks: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The strong windows with their flanks, and one window more to each side."""
    grown = strong
    for _ in range(_FLANK_WINDOWS):
        grown = strong | (_widened(grown) & flanks)
    return _widened(grown)


def _widened(windows: NDArray[np.bool_]) -> NDArray[np.bool_]:
    wide = windows.copy()
    wide[1:] |= windows[:-1]
    wide[:-1] |= windows[1:]
    return wide
