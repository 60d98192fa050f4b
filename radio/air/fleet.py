"""Fleets: many different devices from a few numbers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from radio.air.device import LONGEST_PAYLOAD_BYTES, Device
from radio.sigfox.sendable import SEQ_NUMBERS
from radio.sigfox.zones import Zone

SHORTEST_LISTENING_INTERVAL_S: Final = 90.0
_FIRST_LISTENER_S: Final = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Fleet:
    """What the devices of a fleet have in common.

    Attributes:
        count: How many.
        interval_s: Mean time between the messages of each.
        snr_db: Lowest and highest.
        largest_drift_hz_per_s: Of every device.
        frequency_error_ppm: Oscillators lie between - and + this.
        payload_bytes: Of every device; None: 0 to 12, each its own.
        bit_rates: Some of the zone's; None: all of them.
        first_device_id: The others follow.
    """

    count: int
    interval_s: float = 30.0
    snr_db: tuple[float, float] = (12.0, 30.0)
    largest_drift_hz_per_s: float = 20.0
    frequency_error_ppm: float = 20.0
    payload_bytes: int | None = None
    bit_rates: tuple[int, ...] | None = None
    first_device_id: int = 0x0051_0000


def devices_of(fleet: Fleet, zone: Zone, seed: int) -> list[Device]:
    """The devices, always the same for a seed; their first messages spread over one interval."""
    return list(_devices(fleet, zone, np.random.default_rng((seed, fleet.count))))


def listeners_of(fleet: Fleet, count: int, zone: Zone, seed: int) -> list[Device]:
    """Devices that follow the fleet's, ask for a downlink with each message, and wait for it."""
    rng = np.random.default_rng((seed, fleet.count, count))
    # Room for the longest wait of any zone.
    interval_s = max(fleet.interval_s, SHORTEST_LISTENING_INTERVAL_S)
    more = replace(
        fleet, count=count, first_device_id=fleet.first_device_id + fleet.count, payload_bytes=8
    )
    return [
        replace(
            device,
            bidirectional=True,
            listens=True,
            interval_s=interval_s,
            # The first of them speaks soon.
            first_s=_FIRST_LISTENER_S + interval_s * number / count,
        )
        for number, device in enumerate(_devices(more, zone, rng))
    ]


def _devices(fleet: Fleet, zone: Zone, rng: np.random.Generator) -> Iterator[Device]:
    bit_rates = fleet.bit_rates or zone.bit_rates
    for number in range(fleet.count):
        payload_bytes = int(rng.integers(LONGEST_PAYLOAD_BYTES + 1))
        yield Device(
            device_id=fleet.first_device_id + number,
            bit_rate=int(rng.choice(bit_rates)),
            snr_db=float(rng.uniform(*fleet.snr_db)),
            interval_s=fleet.interval_s,
            # One after the other, so that something is heard soon.
            first_s=fleet.interval_s * (number + float(rng.uniform())) / fleet.count,
            first_seq_number=int(rng.integers(SEQ_NUMBERS)),
            payload_bytes=payload_bytes if fleet.payload_bytes is None else fleet.payload_bytes,
            bidirectional=bool(rng.integers(2)),
            frequency_error_ppm=float(rng.uniform(-1, 1)) * fleet.frequency_error_ppm,
            largest_drift_hz_per_s=fleet.largest_drift_hz_per_s,
        )
