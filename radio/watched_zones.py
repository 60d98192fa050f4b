"""Several zones in one capture: where to tune, what to watch, and whose a frame is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from radio.sigfox.zones import ZONES, Zone

# The filters of front ends fall off toward the edges of what they sample.
USABLE_SHARE: Final = 0.9


def span_hz(zones: Sequence[Zone]) -> tuple[float, float]:
    """From the lowest to the highest carrier of all."""
    bands = [zone.band_hz for zone in zones]
    return min(low for low, _ in bands), max(high for _, high in bands)


def center_hz(zones: Sequence[Zone]) -> int:
    """Where to tune: the middle of them all."""
    low, high = span_hz(zones)
    return round((low + high) / 2)


def bit_rates(zones: Sequence[Zone]) -> tuple[int, ...]:
    """What any of them has, the usual one of the first zone first."""
    return tuple(dict.fromkeys(rate for zone in zones for rate in zone.bit_rates))


def sensing_s(zones: Sequence[Zone]) -> float:
    """How long devices of any of them may listen before they talk."""
    return max((zone.sensing_s for zone in zones), default=0.0)


def zones_captured(center_hz: float, rate_hz: float) -> tuple[Zone, ...]:
    """Those of which something was sampled; all, where none was: the frequency is not known."""
    reached = [
        zone
        for zone in ZONES.values()
        if zone.band_hz[0] < center_hz + rate_hz / 2 and zone.band_hz[1] > center_hz - rate_hz / 2
    ]
    return tuple(reached or ZONES.values())


def check_rate(zones: Sequence[Zone], rate_hz: float) -> None:
    """Refuse a sample rate that does not hold all zones.

    Raises:
        ValueError: it says which rate would.
    """
    low, high = span_hz(zones)
    needed_hz = (high - low) / USABLE_SHARE
    if rate_hz < needed_hz:
        names = " and ".join(zone.name for zone in zones)
        msg = (
            f"{names} span {(high - low) / 1e3:.0f} kHz, more than {rate_hz:.0f} samples/s hold; "
            f"set rate_hz to {needed_hz:.0f} at least, or watch fewer zones"
        )
        raise ValueError(msg)


def zone_of(zones: Sequence[Zone], frequency_hz: float) -> str | None:
    """The zone of a carrier: where bands overlap, the one whose centre is nearer."""
    if not zones:
        return None
    return min(zones, key=lambda zone: abs(zone.uplink_center_hz - frequency_hz)).name
