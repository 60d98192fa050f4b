"""Messages of three frames lost, over SNR, with free hopping and with the offsets of BF = 1."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from crowd import Sent, noise, receive, rendered
from curves.curve import Curve, Effort, Found, Kind, Point, Series
from curves.differential import DifferentialReceiver
from curves.limits import message_limit
from curves.losses import Goal, false_figure, goal_figures
from curves.messages import asking, content_of, contents, hopping
from curves.spread import spread

GOALS: Final = (Goal(10.0, 2.0, 0.7), Goal(1.0, 3.5, 2.2))
LEVELS_DB: Final = tuple(
    sorted({*np.arange(-1.5, 8.01, 0.5).tolist(), *(m.x for goal in GOALS for m in goal.marks)})
)
LIMIT_LEVELS_DB: Final = tuple(np.arange(-2.0, 2.51, 0.25).tolist())
COARSE_DB: Final = (-1.5, 2.0, 9.0)
AT_ONCE: Final = 15
SPACING_HZ: Final = 4e3
SCENE_S: Final = 11.8
"""Three frames with the longest gaps, and the device's slowest clock."""
HOW: Final = (
    "messages of 12 bytes, three frames, 100 bps, sharp turns, drift ≤ 20 Hz/s throughout, clock ≤"
    " 20 ppm, 15 at once; received when any frame or several together decode; limit: perfect"
    " synchronisation, joint coherent Viterbi; plain: the best of three, differential"
)
_SEED: Final = 22


class Task(NamedTuple):
    """A scene, received at each level with new noise."""

    asking: bool
    seed: int
    messages: int
    levels_db: tuple[float, ...]


class Lost(NamedTuple):
    """Messages lost at one level, and messages decoded that nobody sent."""

    ours: int
    plain: int
    false: int


def measure(effort: Effort) -> Found:
    """Message loss of both kinds, that of a plain receiver, and the limit."""
    levels = COARSE_DB if effort.coarse else LEVELS_DB
    free, free_plain, free_false = _run(effort, levels, asking=False)
    asked, _, asked_false = _run(effort, levels, asking=True)
    limit = [
        message_limit(level, effort.symbol_trials, _SEED)
        for level in (levels if effort.coarse else LIMIT_LEVELS_DB)
    ]
    figures = [
        figure
        for name, points in (("messages", free), ("messages_bf1", asked))
        for goal in GOALS
        for figure in goal_figures(name, goal, points, limit=limit, plain=free_plain, how=HOW)
    ]
    frames = 3 * 2 * len(levels) * effort.trials
    figures.append(false_figure("messages", free_false + asked_false, frames, HOW))
    return Found(figures, [_curve(free, asked, free_plain, limit)])


def _run(
    effort: Effort, levels: tuple[float, ...], *, asking: bool
) -> tuple[list[Point], list[Point], int]:
    sizes = [min(AT_ONCE, effort.trials - done) for done in range(0, effort.trials, AT_ONCE)]
    tasks = [Task(asking, number, size, levels) for number, size in enumerate(sizes)]
    name = f"message loss, BF = {asking:d}"
    scenes = list(spread(lost_in_scene, tasks, jobs=effort.jobs, name=name))
    ours, plain = (
        [
            Point(level, sum(scene[at][who] for scene in scenes), effort.trials)
            for at, level in enumerate(levels)
        ]
        for who in range(2)
    )
    return ours, plain, sum(lost.false for scene in scenes for lost in scene)


def lost_in_scene(task: Task) -> list[Lost]:
    """What is lost of a scene at each level."""
    rng = np.random.default_rng((_SEED, task.asking, task.seed))
    sent = list(
        asking(rng, task.messages)
        if task.asking
        else hopping(rng, task.messages, spacing_hz=SPACING_HZ)
    )
    signal = rendered([one for frames in sent for one in frames], SCENE_S)
    plain = [[(one, DifferentialReceiver(one)) for one in frames] for frames in sent]
    wanted = {content_of(frames[0].uplink) for frames in sent}
    lost = []
    for level_db in task.levels_db:
        samples = np.float32(10 ** (level_db / 20)) * signal + noise(rng, signal.size)
        heard = contents(receive(samples, (100,), flush=True))
        best_of_three = sum(_received(frames, samples) for frames in plain)
        lost.append(Lost(len(wanted - heard), len(plain) - best_of_three, len(heard - wanted)))
    return lost


def _received(
    frames: list[tuple[Sent, DifferentialReceiver]], samples: np.typing.NDArray[np.complex64]
) -> bool:
    return any(receiver.receive(samples) == one.uplink for one, receiver in frames)


def _curve(free: list[Point], asked: list[Point], plain: list[Point], limit: list[Point]) -> Curve:
    return Curve(
        name="message_loss",
        title="One message of 12 bytes in three frames, 100 bit/s",
        x_label="SNR: signal power over noise power in 100 Hz (dB)",
        y_label="messages lost (%)",
        series=[
            Series("this receiver, free carriers", Kind.MEASURED, free),
            Series("this receiver, carriers of BF = 1", Kind.SECOND, asked),
            Series("plain differential receiver, best of three", Kind.PLAIN, plain),
            Series("limit: joint coherent search, all known but the bits", Kind.LIMIT, limit),
        ],
        marks=[mark for goal in GOALS for mark in goal.marks],
    )
