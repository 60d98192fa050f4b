"""When and where a device listens, from any frame of its message."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from radio.sigfox.downlink import DOWNLINK_BIT_RATE, TOTAL_BITS
from radio.sigfox.zones import FRAME_GAP_S, Zone

FRAME_S: Final = TOTAL_BITS / DOWNLINK_BIT_RATE
"""All bits of a downlink."""
RAMPS_S: Final = 2 / DOWNLINK_BIT_RATE
"""Power ramps before and after them."""
AIRTIME_S: Final = FRAME_S + RAMPS_S
AFTER_OPENING_S: Final = 0.5
"""A device's clock may be late and its receiver slow to start."""
BEFORE_CLOSING_S: Final = 0.1


@dataclass(frozen=True, slots=True)
class Window:
    """Where one transmission, ramps included, may be placed on the received stream's time axis.

    Attributes:
        frequency_hz: Where the device listens.
        earliest_s: First start that is surely heard from its first bit on.
        latest_s: Last start that is surely heard to the last bit.
        aim_s: The best start.
    """

    frequency_hz: float
    earliest_s: float
    latest_s: float
    aim_s: float


def window_of(
    zone: Zone, *, rank: int, ends_s: float, frame_s: float, frequency_hz: float
) -> Window:
    """The window after a message that asked for a downlink.

    A device that senses the channel before each frame spends an unknown time on it: then the
    window is what all possible ones have in common, and the aim is its middle.

    Args:
        zone: Whose rules the device follows.
        rank: Of the frame that was heard.
        ends_s: End of its last bit.
        frame_s: Its length.
        frequency_hz: Its carrier as measured.
    """
    first_ends_s = ends_s - (rank - 1) * (frame_s + FRAME_GAP_S)
    unknown_s = zone.sensing_s if rank > 1 else 0.0
    opens_s = first_ends_s + zone.window_opens_s
    closes_s = opens_s + zone.window_s - unknown_s
    earliest_s = opens_s + AFTER_OPENING_S
    latest_s = closes_s - BEFORE_CLOSING_S - AIRTIME_S
    return Window(
        frequency_hz=zone.downlink_hz(zone.first_frame_hz(frequency_hz, rank)),
        earliest_s=earliest_s,
        latest_s=latest_s,
        aim_s=(opens_s + closes_s - AIRTIME_S) / 2 if unknown_s else earliest_s,
    )
