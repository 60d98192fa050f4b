"""Frames lost over the drift of their carrier."""

from __future__ import annotations

from dataclasses import replace
from typing import Final, NamedTuple

import numpy as np
from crowd import Sent, frame, key_of, noise, receive, rendered
from curves.curve import Curve, Effort, Found, Kind, Mark, Point, Series
from curves.losses import share_figure
from curves.spread import spread

from radio.dsp.modulate import Shape

LEVEL_DB: Final = 13.0
DRIFTS_HZ_PER_S: Final = (0, 15, 30, 45, 60, 75, 90, 105, 120)
COARSE: Final = (0, 45)
REQUIRED_HZ_PER_S: Final = 45
AIM_HZ_PER_S: Final = 90
AT_ONCE: Final = 40
SPACING_HZ: Final = 4.5e3
SCENE_S: Final = 3.2
HOW: Final = "single frames of 12 bytes at 13 dB, 100 bps, sharp turns, straight drift up or down"
_SEED: Final = 23


class Task(NamedTuple):
    """A scene of frames that all drift by as much."""

    seed: int
    frames: int
    drift_hz_per_s: float


def measure(effort: Effort) -> Found:
    """Frame loss at each drift."""
    drifts = COARSE if effort.coarse else DRIFTS_HZ_PER_S
    sizes = [min(AT_ONCE, effort.trials - done) for done in range(0, effort.trials, AT_ONCE)]
    tasks = [Task(seed, size, drift) for drift in drifts for seed, size in enumerate(sizes)]
    lost = list(spread(lost_in_scene, tasks, jobs=effort.jobs, name="drift"))
    points = [
        Point(
            drift, sum(n for n, t in zip(lost, tasks, strict=True) if t[2] == drift), effort.trials
        )
        for drift in drifts
    ]
    figures = [
        share_figure(
            f"frames_lost_at_{point.x:g}_hz_per_s",
            point,
            HOW,
            required="none" if point.x <= REQUIRED_HZ_PER_S else None,
            aim="none" if point.x <= AIM_HZ_PER_S else None,
        )
        for point in points
    ]
    return Found(figures, [_curve(points)])


def lost_in_scene(task: Task) -> int:
    """How many frames of the scene are lost."""
    rng = np.random.default_rng((_SEED, task.seed, round(task.drift_hz_per_s)))
    frames = [_frame(rng, task, place) for place in range(task.frames)]
    signal = rendered(frames, SCENE_S)
    decoded = receive(signal + noise(rng, signal.size), (100,), flush=True)
    heard = {key_of(one) for one in decoded}
    return sum(one.key not in heard for one in frames)


def _frame(rng: np.random.Generator, task: Task, place: int) -> Sent:
    sent = frame(
        rng,
        first_bit_s=float(rng.uniform(0.1, SCENE_S - 2.3)),
        carrier_hz=(place - (task.frames - 1) / 2) * SPACING_HZ + float(rng.uniform(-500, 500)),
        snr_db=LEVEL_DB,
        shape=Shape.RECT,
    )
    drift = float(rng.choice((-1, 1))) * task.drift_hz_per_s
    return replace(sent, burst=replace(sent.burst, drift_hz_per_s=drift))


def _curve(points: list[Point]) -> Curve:
    return Curve(
        name="drift",
        title="A drifting carrier: one frame of 12 bytes at 13 dB, 100 bit/s",
        x_label="drift (Hz/s)",
        y_label="frames lost (%)",
        series=[Series("this receiver", Kind.MEASURED, points)],
        marks=[Mark(REQUIRED_HZ_PER_S, 1.0, "required"), Mark(AIM_HZ_PER_S, 1.0, "aim")],
    )
