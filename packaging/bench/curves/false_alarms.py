"""Frames decoded out of nothing: hours of white noise, both bit rates."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from crowd import BAND_HZ, RATE_HZ, noise
from curves.curve import Effort, Found
from curves.spread import spread
from figure import Figure

from radio.dsp.receiver import Receiver
from radio.dsp.report import Decoded

PORTION_S: Final = 300.0
_BLOCK: Final = 65_536
_SEED: Final = 26
_NONE_IN_95_PERCENT: Final = 3.0
"""None found: with 95 % certainty fewer than this are to be expected in as long a time."""


class Task(NamedTuple):
    """A stretch of noise."""

    seed: int
    seconds: float


def measure(effort: Effort) -> Found:
    """Frames decoded, and bursts that were tried and dismissed."""
    stretches = int(np.ceil(effort.noise_s / PORTION_S))
    portion_s = effort.noise_s / stretches
    tasks = [Task(seed, portion_s) for seed in range(stretches)]
    counts = list(spread(listen, tasks, jobs=effort.jobs, name="noise"))
    false, dismissed = (sum(column) for column in zip(*counts, strict=True))
    hours = effort.noise_s / 3600
    how = f"{hours:.3g} h of white noise, 192 kHz, 100 and 600 bps"
    figures = [
        Figure(
            name="noise_false_frames", value=false, unit="frames", how=how, required="0 in 24 h"
        ),
        Figure(name="noise_dismissed_per_hour", value=dismissed / hours, unit="bursts/h", how=how),
    ]
    if false == 0:
        rate = _NONE_IN_95_PERCENT / hours
        figures.append(
            Figure(name="noise_false_frames_per_hour_below", value=rate, unit="1/h, 95 %", how=how)
        )
    return Found(figures)


def listen(task: Task) -> tuple[int, int]:
    """Frames decoded and bursts dismissed in a stretch of noise."""
    rng = np.random.default_rng((_SEED, task.seed))
    receiver = Receiver(rate_hz=RATE_HZ, center_hz=0.0, bit_rates=(100, 600), bands_hz=(BAND_HZ,))
    events = []
    for first in range(0, int(task.seconds * RATE_HZ), _BLOCK):
        events += receiver.feed(noise(rng, _BLOCK), first)
    events += receiver.flush()
    false = sum(isinstance(event, Decoded) for event in events)
    return false, len(events) - false
