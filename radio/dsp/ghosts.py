"""Ghosts: the same frame at the same time at another frequency.

A mirror image (IQ imbalance), an intermodulation product (clipping) or a rest that cancelling left
carries the bits of a real frame. No device sends one frame twice at once: the strongest is real.
"""

from __future__ import annotations

from collections import deque
from typing import Final

from radio.dsp.report import Decoded

SAME_START_S: Final = 0.02
_REMEMBERED: Final = 256


class GhostFilter:
    """Tells frames from their ghosts; expects the strongest first."""

    def __init__(self) -> None:
        self._recent: deque[Decoded] = deque(maxlen=_REMEMBERED)
        self.ghosts = 0

    def is_new(self, decoded: Decoded) -> bool:
        """Whether no frame with these bits was reported at this time."""
        for other in self._recent:
            same_bits = (other.frame.packet, other.frame.rank) == (
                decoded.frame.packet,
                decoded.frame.rank,
            )
            if same_bits and abs(other.start_s - decoded.start_s) < SAME_START_S:
                self.ghosts += 1
                return False
        self._recent.append(decoded)
        return True
