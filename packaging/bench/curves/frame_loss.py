"""Single frames lost, over SNR."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from crowd import Sent, frame, key_of, noise, receive, rendered
from curves.curve import Curve, Effort, Found, Kind, Point, Series
from curves.differential import DifferentialReceiver
from curves.limits import frame_limit
from curves.losses import Goal, false_figure, goal_figures
from curves.spread import spread

from radio.dsp.modulate import Shape

GOALS: Final = (Goal(10.0, 5.7, 5.1), Goal(1.0, 6.8, 6.2))
LEVELS_DB: Final = tuple(
    sorted({*np.arange(3.0, 11.01, 0.5).tolist(), *(m.x for goal in GOALS for m in goal.marks)})
)
LIMIT_LEVELS_DB: Final = tuple(np.arange(3.0, 7.01, 0.25).tolist())
COARSE_DB: Final = (3.0, 5.7, 6.8, 12.0)
AT_ONCE: Final = 45
SPACING_HZ: Final = 4e3
"""At 10 dB, what frames of this distance add to the noise of a frame is a thousandth of it."""
SCENE_S: Final = 3.2
HOW: Final = (
    "single frames of 12 bytes, 100 bps, sharp turns, drift ≤ 20 Hz/s, clock ≤ 20 ppm, 4 kHz apart;"
    " limit: perfect synchronisation, coherent, list of 76; plain: differential, told the carrier"
)
_SEED: Final = 21


class Task(NamedTuple):
    """A scene, received at each level with new noise."""

    seed: int
    frames: int
    levels_db: tuple[float, ...]


class Lost(NamedTuple):
    """Frames lost at one level, and frames decoded that nobody sent."""

    ours: int
    plain: int
    false: int


def measure(effort: Effort) -> Found:
    """Frame loss of the receiver and of a plain one on the same samples, and the limit."""
    levels = COARSE_DB if effort.coarse else LEVELS_DB
    sizes = [min(AT_ONCE, effort.trials - done) for done in range(0, effort.trials, AT_ONCE)]
    tasks = [Task(number, size, levels) for number, size in enumerate(sizes)]
    scenes = list(spread(lost_in_scene, tasks, jobs=effort.jobs, name="frame loss"))
    ours, plain = (
        [
            Point(level, sum(scene[at][who] for scene in scenes), effort.trials)
            for at, level in enumerate(levels)
        ]
        for who in range(2)
    )
    limit = [
        frame_limit(level, effort.symbol_trials, _SEED)
        for level in (levels if effort.coarse else LIMIT_LEVELS_DB)
    ]
    figures = [
        figure
        for goal in GOALS
        for figure in goal_figures("frames", goal, ours, limit=limit, plain=plain, how=HOW)
    ]
    false = sum(lost.false for scene in scenes for lost in scene)
    figures.append(false_figure("frames", false, len(levels) * effort.trials, HOW))
    return Found(figures, [_curve(ours, plain, limit)])


def lost_in_scene(task: Task) -> list[Lost]:
    """What is lost of a scene at each level."""
    rng = np.random.default_rng((_SEED, task.seed))
    frames = [_frame(rng, place - (task.frames - 1) / 2) for place in range(task.frames)]
    signal = rendered(frames, SCENE_S)
    plain = [(one, DifferentialReceiver(one)) for one in frames]
    lost = []
    for level_db in task.levels_db:
        samples = np.float32(10 ** (level_db / 20)) * signal + noise(rng, signal.size)
        decoded = receive(samples, (100,), flush=True)
        heard = {key_of(one) for one in decoded}
        lost.append(
            Lost(
                sum(one.key not in heard for one in frames),
                sum(receiver.receive(samples) != one.uplink for one, receiver in plain),
                len(heard - {one.key for one in frames}),
            )
        )
    return lost


def _frame(rng: np.random.Generator, place: float) -> Sent:
    return frame(
        rng,
        first_bit_s=float(rng.uniform(0.1, SCENE_S - 2.3)),
        carrier_hz=float(place * SPACING_HZ + rng.uniform(-500, 500)),
        snr_db=0.0,
        shape=Shape.RECT,
    )


def _curve(ours: list[Point], plain: list[Point], limit: list[Point]) -> Curve:
    return Curve(
        name="frame_loss",
        title="One frame of 12 bytes, 100 bit/s",
        x_label="SNR: signal power over noise power in 100 Hz (dB)",
        y_label="frames lost (%)",
        series=[
            Series("this receiver", Kind.MEASURED, ours),
            Series("plain differential receiver, same samples", Kind.PLAIN, plain),
            Series("limit: coherent, list of 76, all known but the bits", Kind.LIMIT, limit),
        ],
        marks=[mark for goal in GOALS for mark in goal.marks],
    )
