"""Frames and messages lost in a crowd whose devices all send message after message."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from crowd import Sent, noise, receive, rendered
from curves.curve import Curve, Effort, Found, Kind, Mark, Point, Series
from curves.losses import false_figure, share_figure
from curves.messages import busy, content_of
from curves.spread import spread
from figure import Figure

HOW: Final = (
    "messages of 12 bytes, three frames, 100 bps, turns of a common radio chip, drift ≤ 20 Hz/s,"
    " clock ≤ 20 ppm, each device without pause and anywhere in 192 kHz"
)
_SEED: Final = 25


class Crowd(NamedTuple):
    """So many devices on the air at once.

    Attributes:
        required: Messages lost, percent, that the design allows.
        aim: What it aims at.
    """

    name: str
    label: str
    at_once: int
    snr_db: tuple[float, float]
    required: float | None = None
    aim: float | None = None


CROWDS: Final = (
    Crowd("100_equal", "100, all 20 dB", 100, (20.0, 20.0)),
    Crowd("100_spread", "100, 10-40 dB", 100, (10.0, 40.0)),
    Crowd("270_equal", "270, all 20 dB", 270, (20.0, 20.0), 0.3, 0.3),
    Crowd("270_spread", "270, 10-40 dB", 270, (10.0, 40.0), 3.0, 0.7),
)
COARSE: Final = (Crowd("10_spread", "10, 10-40 dB", 10, (10.0, 40.0)),)


class Task(NamedTuple):
    """One scene."""

    crowd: Crowd
    seed: int
    seconds: float


class Count(NamedTuple):
    """Of the frames and messages that lie wholly in the scene, and of frames that nobody sent."""

    frames: int
    frames_lost: int
    messages: int
    messages_lost: int
    false: int


def measure(effort: Effort) -> Found:
    """Loss of each crowd."""
    crowds = COARSE if effort.coarse else CROWDS
    tasks = [
        Task(crowd, seed, effort.crowd_s) for crowd in crowds for seed in range(effort.crowd_scenes)
    ]
    counts = list(spread(count_scene, tasks, jobs=effort.jobs, name="crowds"))
    figures, frames, messages = list[Figure](), list[Point](), list[Point]()
    for at, crowd in enumerate(crowds):
        of_crowd = [c for c, task in zip(counts, tasks, strict=True) if task.crowd == crowd]
        total = Count(*(sum(column) for column in zip(*of_crowd, strict=True)))
        frames.append(Point(at, total.frames_lost, total.frames))
        messages.append(Point(at, total.messages_lost, total.messages))
        figures += _figures(crowd, total, frames[-1], messages[-1])
    return Found(figures, [_curve(crowds, frames, messages)])


def count_scene(task: Task) -> Count:
    """Receive one scene."""
    crowd, seconds = task.crowd, task.seconds
    rng = np.random.default_rng((_SEED, crowd.at_once, round(crowd.snr_db[0]), task.seed))
    sent = list(busy(rng, at_once=crowd.at_once, seconds=seconds, snr_db=crowd.snr_db))
    samples = rendered([one for frames in sent for one in frames], seconds)
    samples += noise(rng, samples.size)
    decoded = receive(samples, (100,), flush=True)
    heard_frames = {(content_of(one.frame.uplink), one.frame.rank) for one in decoded}
    heard = {content for content, _ in heard_frames}
    whole = [[_inside(one, seconds) for one in frames] for frames in sent]
    lost = [
        (content_of(one.uplink), one.rank) not in heard_frames
        for frames, inside in zip(sent, whole, strict=True)
        for one, there in zip(frames, inside, strict=True)
        if there
    ]
    complete = [
        content_of(frames[0].uplink)
        for frames, inside in zip(sent, whole, strict=True)
        if all(inside)
    ]
    false = heard - {content_of(frames[0].uplink) for frames in sent}
    missed = sum(content not in heard for content in complete)
    return Count(len(lost), sum(lost), len(complete), missed, len(false))


def _inside(sent: Sent, seconds: float) -> bool:
    return sent.burst.begins_s > 0 and sent.burst.ends_s < seconds


def _figures(crowd: Crowd, total: Count, frames: Point, messages: Point) -> list[Figure]:
    required, aim = (None if x is None else f"≤ {x:g}" for x in (crowd.required, crowd.aim))
    return [
        share_figure(
            f"crowd_{crowd.name}_messages_lost", messages, HOW, required=required, aim=aim
        ),
        share_figure(f"crowd_{crowd.name}_frames_lost", frames, HOW),
        false_figure(f"crowd_{crowd.name}", total.false, total.frames, HOW),
    ]


def _curve(crowds: tuple[Crowd, ...], frames: list[Point], messages: list[Point]) -> Curve:
    marks = [
        Mark(at, percent, kind)
        for at, crowd in enumerate(crowds)
        for kind, percent in (("required", crowd.required), ("aim", crowd.aim))
        if percent is not None
    ]
    return Curve(
        name="crowd",
        title="A crowd that never stops sending: 12 bytes, 100 bit/s, 192 kHz",
        x_label="devices on the air at once, and their SNR",
        y_label="lost (%)",
        series=[
            Series("messages", Kind.MEASURED, messages),
            Series("single frames", Kind.SECOND, frames),
        ],
        marks=marks,
        ticks=[crowd.label for crowd in crowds],
    )
