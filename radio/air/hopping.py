"""Where in the macro channel the frames of a message go."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from radio.sigfox.zones import MACRO_CHANNEL_HZ, FrequencyHopping, Zone


def carriers_hz(
    zone: Zone, frames: int, rng: np.random.Generator, *, bidirectional: bool
) -> list[float]:
    """Nominal carriers of frames 1, 2, … as a device of the zone chooses them."""
    hopping = next((rule for rule in zone.access if isinstance(rule, FrequencyHopping)), None)
    step_hz = zone.bidirectional_step_hz if bidirectional else 0
    if hopping is None:
        reach_hz = MACRO_CHANNEL_HZ / 2 - zone.guard_hz - step_hz
        offsets = rng.uniform(-reach_hz, reach_hz, 1 if bidirectional else frames)
    else:
        offsets = _hop(hopping, 1 if bidirectional else frames, rng, inner=bidirectional)
    if bidirectional:
        offsets = offsets[0] + step_hz * np.array([0, 1, -1])[:frames]
    return [float(zone.uplink_center_hz + offset) for offset in offsets]


def _hop(
    hopping: FrequencyHopping, frames: int, rng: np.random.Generator, *, inner: bool
) -> NDArray[np.float64]:
    """One place in each of different micro channels; `inner`: with a free one at both sides."""
    channels = np.arange(hopping.micro_channels)[1:-1] if inner else hopping.micro_channels
    chosen = rng.choice(channels, frames, replace=False)
    reach_hz = hopping.micro_channel_hz / 2 - hopping.edge_guard_hz
    middle = (hopping.micro_channels - 1) / 2
    return (chosen - middle) * hopping.micro_channel_hz + rng.uniform(-reach_hz, reach_hz, frames)
