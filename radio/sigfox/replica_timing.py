"""How far apart the frames of one message may be."""

from __future__ import annotations

from typing import Final

from radio.sigfox.frame_type import FRAME_CLASSES, RANKS

LONGEST_FRAME_BITS: Final = max(one.total_bits for one in FRAME_CLASSES.values())
LONGEST_GAP_S: Final = 2.0
"""Between two frames of a message. Source: public descriptions of the uplink procedure."""


def longest_hold_s(bit_rate: int, sensing_s: float) -> float:
    """How long after the start of a message's first frame its last one may begin.

    Args:
        bit_rate: 100 or 600.
        sensing_s: Where devices listen before they talk, all gaps together may be longer by this.
    """
    frame_s = LONGEST_FRAME_BITS / bit_rate
    return (len(RANKS) - 1) * (frame_s + LONGEST_GAP_S) + sensing_s
