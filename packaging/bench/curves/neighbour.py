"""Frames lost beside a neighbour 30 dB stronger, over its distance."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from crowd import Sent, frame, key_of, noise, receive, rendered
from curves.curve import Curve, Effort, Found, Kind, Mark, Point, Series
from curves.losses import share_figure
from curves.spread import spread

from radio.dsp.modulate import Shape

LEVEL_DB: Final = 12.0
STRONGER_DB: Final = 30.0
DISTANCES_HZ: Final = (200, 300, 400, 500, 600, 700, 800, 900, 1000)
COARSE: Final = (400, 1000)
SHAPES: Final = {
    Shape.RECT: ("sharp turns", Kind.MEASURED),
    Shape.S2LP: ("turns of a common radio chip", Kind.SECOND),
}
REQUIRED_HZ: Final = 400
AIM_HZ: Final = 300
PAIRS: Final = 6
SPACING_HZ: Final = 30e3
SCENE_S: Final = 3.6
SHARE: Final = 3
"""These scenes cost more a frame and need less of them: loss here is all or nothing."""
HOW: Final = (
    "single frames of 12 bytes at 12 dB, 100 bps, another one at 42 dB overlaps them for most of"
    " their time, drift ≤ 20 Hz/s each"
)
_SEED: Final = 24


class Task(NamedTuple):
    """A scene of pairs."""

    shape: Shape
    distance_hz: int
    seed: int
    pairs: int


def measure(effort: Effort) -> Found:
    """Loss of the weaker frame, by how both turn their phase."""
    distances = COARSE if effort.coarse else DISTANCES_HZ
    trials = max(1, effort.trials // SHARE)
    sizes = [min(PAIRS, trials - done) for done in range(0, trials, PAIRS)]
    tasks = [
        Task(shape, distance, seed, size)
        for shape in SHAPES
        for distance in distances
        for seed, size in enumerate(sizes)
    ]
    lost = dict(
        zip(tasks, spread(lost_in_scene, tasks, jobs=effort.jobs, name="neighbour"), strict=True)
    )
    series = [
        Series(
            label,
            kind,
            [
                Point(d, sum(n for t, n in lost.items() if t[:2] == (shape, d)), trials)
                for d in distances
            ],
        )
        for shape, (label, kind) in SHAPES.items()
    ]
    return Found(
        [f for s, t in zip(series, SHAPES, strict=True) for f in _figures(s, t)], [_curve(series)]
    )


def lost_in_scene(task: Task) -> int:
    """How many weak frames of the scene are lost."""
    rng = np.random.default_rng((_SEED, task.distance_hz, task.seed))
    weak, strong = list[Sent](), list[Sent]()
    for place in range(task.pairs):
        at_s = float(rng.uniform(0.5, 0.9))
        carrier_hz = (place - (task.pairs - 1) / 2) * SPACING_HZ + float(rng.uniform(-500, 500))
        beside_hz = float(rng.choice((-1, 1))) * task.distance_hz
        other_s = at_s + float(rng.uniform(-0.4, 0.4))
        weak.append(
            frame(rng, first_bit_s=at_s, carrier_hz=carrier_hz, snr_db=LEVEL_DB, shape=task.shape)
        )
        strong.append(
            frame(
                rng,
                first_bit_s=other_s,
                carrier_hz=carrier_hz + beside_hz,
                snr_db=LEVEL_DB + STRONGER_DB,
                shape=task.shape,
            )
        )
    signal = rendered([*weak, *strong], SCENE_S)
    decoded = receive(signal + noise(rng, signal.size), (100,), flush=True)
    heard = {key_of(one) for one in decoded}
    return sum(one.key not in heard for one in weak)


def _figures(series: Series, shape: Shape) -> list:
    return [
        share_figure(
            f"frames_lost_at_{point.x:g}_hz_{shape}",
            point,
            HOW,
            required="decodes" if point.x == REQUIRED_HZ else None,
            aim="decodes" if point.x == AIM_HZ else None,
        )
        for point in series.points
    ]


def _curve(series: list[Series]) -> Curve:
    return Curve(
        name="neighbour",
        title="A neighbour 30 dB stronger: one frame of 12 bytes at 12 dB, 100 bit/s",
        x_label="distance of the carriers (Hz)",
        y_label="weaker frames lost (%)",
        series=series,
        marks=[Mark(REQUIRED_HZ, 10.0, "required"), Mark(AIM_HZ, 10.0, "aim")],
    )
