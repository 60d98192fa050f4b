"""Share of single frames lost at a few levels: a quick look, not the curve."""

from __future__ import annotations

from typing import Final

import numpy as np
from crowd import RATE_HZ, Samples, Sent, frame, key_of, noise, receive, rendered
from figure import Figure, share

from radio.dsp.modulate import Shape

LEVELS: Final = (
    (5.7, "≤ 10", "10 % at 5.1 dB"),
    (6.8, "≤ 1", "1 % at 6.2 dB"),
    (12.0, "≤ 1", None),
)
AT_ONCE: Final = 16
"""Far enough apart not to touch: it saves time, each is received as if alone."""
SPACING_HZ: Final = 11e3
SCENE_S: Final = 2.6
FRAMES: Final = 320
QUICK_FRAMES: Final = 16
_REFERENCE_DB: Final = 0.0


def figures(*, quick: bool = False) -> list[Figure]:
    """Frames lost at each level, with the ends of the 95 % interval."""
    rng = np.random.default_rng(11)
    lost, count = dict.fromkeys((level for level, *_ in LEVELS), 0), 0
    while count < (QUICK_FRAMES if quick else FRAMES):
        frames = _scene(rng)
        signal = rendered(frames, SCENE_S)
        count += len(frames)
        for level_db in lost:
            lost[level_db] += _lost(frames, signal, level_db, rng)
    return [
        _figure(level_db, required, aim, lost[level_db], count)
        for level_db, required, aim in LEVELS
    ]


def _figure(level_db: float, required: str, aim: str | None, lost: int, count: int) -> Figure:
    value, low, high = share(lost, count)
    return Figure(
        name=f"frames_lost_at_{level_db:g}_db",
        value=value,
        unit=f"% of {count}",
        how="single frames of 12 bytes, 100 bps, sharp turns, drift ≤ 20 Hz/s, clock ≤ 20 ppm",
        required=required,
        aim=aim,
        low=low,
        high=high,
    )


def _scene(rng: np.random.Generator) -> list[Sent]:
    return [
        frame(
            rng,
            first_bit_s=float(rng.uniform(0.1, 0.3)),
            carrier_hz=float((place - (AT_ONCE - 1) / 2) * SPACING_HZ + rng.uniform(-2e3, 2e3)),
            snr_db=_REFERENCE_DB,
            shape=Shape.RECT,
        )
        for place in range(AT_ONCE)
    ]


def _lost(frames: list[Sent], signal: Samples, level_db: float, rng: np.random.Generator) -> int:
    gain = np.float32(10 ** ((level_db - _REFERENCE_DB) / 20))
    decoded = receive(gain * signal + noise(rng, int(SCENE_S * RATE_HZ)), (100,), flush=True)
    heard = {key_of(one) for one in decoded}
    return sum(one.key not in heard for one in frames)
