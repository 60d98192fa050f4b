"""The oscillator's error from reference devices: senders whose true carrier is known.

A usual device chooses its carrier by chance and says nothing about ours; and the fixed steps
between the frames of one message are too small (6 kHz: 6 mHz per ppm).
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable
from statistics import median
from typing import Annotated, Final

from msgspec import Meta, Struct

from radio.levels.estimate import Estimate

# Farther off it is another carrier of the device, or another device.
FARTHEST_PPM: Final = 100.0
OLDEST_S: Final = 6 * 3600.0
_FEWEST: Final = 3
_MOST: Final = 64
_SIGMA_OF_MAD: Final = 1.4826


class ReferenceDevice(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A sender whose carrier is known; one of several carriers has several entries.

    Attributes:
        device_id: 8 hex digits.
        frequency_hz: Its true carrier.
        accuracy_ppm: How well that is known.
    """

    device_id: Annotated[str, Meta(pattern="^[0-9a-f]{8}$", max_length=8)]
    frequency_hz: Annotated[float, Meta(ge=1e6, le=6e9)]
    accuracy_ppm: Annotated[float, Meta(gt=0, le=100)] = 0.5


class ReferenceErrors:
    """Collects how far off the reference devices read."""

    def __init__(self, devices: Iterable[ReferenceDevice]) -> None:
        self._devices: dict[str, list[ReferenceDevice]] = {}
        for device in devices:
            self._devices.setdefault(device.device_id, []).append(device)
        self._observed: deque[tuple[float, float, float]] = deque(maxlen=_MOST)

    def heard(self, device_id: str, frequency_hz: float, now: float) -> None:
        """A frame was measured at `frequency_hz`; `now` counts seconds of any clock."""
        known = self._devices.get(device_id)
        if not known:
            return
        nearest = min(known, key=lambda device: abs(device.frequency_hz - frequency_hz))
        ppm = 1e6 * (nearest.frequency_hz - frequency_hz) / nearest.frequency_hz
        if abs(ppm) <= FARTHEST_PPM:
            self._observed.append((now, ppm, nearest.accuracy_ppm))

    def estimate(self, now: float) -> Estimate | None:
        """The median of the last hours; None until there are some."""
        recent = [(ppm, known) for at, ppm, known in self._observed if now - at <= OLDEST_S]
        if len(recent) < _FEWEST:
            return None
        middle = median(ppm for ppm, _ in recent)
        spread = _SIGMA_OF_MAD * median(abs(ppm - middle) for ppm, _ in recent)
        known = max(known for _, known in recent)
        return Estimate(middle, known + 2 * spread / math.sqrt(len(recent)), len(recent))
