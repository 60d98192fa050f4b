"""How much of a core the receiver takes, and what it misses, from an empty band to 270 at once."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Final

import numpy as np
from crowd import RATE_HZ, Samples, Sent, crowd, key_of, noise, receive, rendered
from figure import Figure, share


@dataclass(frozen=True, slots=True)
class Scene:
    """A crowd to be received.

    Attributes:
        required: CPU time over recording time that the design demands at one bit rate.
        aim: What it aims at.
    """

    name: str
    at_once: int
    seconds: float
    snr_db: tuple[float, float] = (20.0, 20.0)
    required: str | None = None
    aim: str | None = None


SCENES: Final = (
    Scene("empty", 0, 20.0, required="≤ 0.05", aim="≤ 0.03"),
    Scene("2", 2, 20.0),
    Scene("20", 20, 10.0, required="≤ 0.3"),
    Scene("100", 100, 6.0),
    Scene("100_near_far", 100, 6.0, (10.0, 40.0), required="≤ 0.5", aim="≤ 0.25"),
    Scene("270", 270, 5.0, required="≤ 1.0", aim="≤ 0.4"),
)
RUNS: Final = 2
"""The least counts: what others on the machine take from the caches only adds."""
_QUICK_S: Final = 3.0
_QUICK_SCENES: Final = 3


def figures(*, quick: bool = False) -> list[Figure]:
    """Per scene: share of a core with one bit rate and both, frames lost, frames invented."""
    scenes = SCENES[:_QUICK_SCENES] if quick else SCENES
    return [figure for scene in scenes for figure in _figures(scene, quick=quick)]


def _figures(scene: Scene, *, quick: bool) -> list[Figure]:
    rng = np.random.default_rng((7, scene.at_once, int(scene.snr_db[0])))
    seconds = _QUICK_S if quick else scene.seconds
    frames = list(crowd(rng, at_once=scene.at_once, seconds=seconds, snr_db=scene.snr_db))
    samples = rendered(frames, seconds) + noise(rng, int(seconds * RATE_HZ))
    one, both = (
        min(_load(samples, rates, seconds) for _ in range(RUNS)) for rates in ((100,), (100, 600))
    )
    how = _how(scene, seconds)
    found = [
        Figure(
            name=f"receiver_{scene.name}_100bps",
            value=one,
            unit="core",
            how=how,
            required=scene.required,
            aim=scene.aim,
        ),
        Figure(name=f"receiver_{scene.name}_both_rates", value=both, unit="core", how=how),
    ]
    return found + _truth(scene, frames, samples, how, seconds)


def _how(scene: Scene, seconds: float) -> str:
    low, high = scene.snr_db
    level = f"{low:g} dB" if low == high else f"{low:g}-{high:g} dB"
    air = f"{scene.at_once} frames of 12 bytes at once, {level}" if scene.at_once else "noise alone"
    return f"CPU time over recording time; {air}, 100 bps, 250 kS/s, {seconds:g} s"


def _load(samples: Samples, bit_rates: tuple[int, ...], seconds: float) -> float:
    began_s = time.process_time()
    receive(samples, bit_rates, flush=False)
    return (time.process_time() - began_s) / seconds


def _truth(
    scene: Scene, frames: list[Sent], samples: Samples, how: str, seconds: float
) -> list[Figure]:
    decoded = {key_of(one) for one in receive(samples, (100, 600), flush=True)}
    whole = [one for one in frames if one.burst.begins_s > 0 and one.burst.ends_s < seconds]
    false = decoded - {one.key for one in frames}
    found = [
        Figure(
            name=f"receiver_{scene.name}_false_frames",
            value=len(false),
            unit="frames",
            how=how,
            required="0",
        )
    ]
    if whole:
        lost, low, high = share(sum(one.key not in decoded for one in whole), len(whole))
        found.append(
            Figure(
                name=f"receiver_{scene.name}_frames_lost",
                value=lost,
                unit=f"% of {len(whole)}",
                how=how,
                low=low,
                high=high,
            )
        )
    return found
