"""Errors of what is told about a frame at 10 dB: carrier, time, level, drift."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from crowd import frame, key_of, noise, receive, rendered
from curves.curve import Effort, Found
from curves.limits import frequency_limit_hz
from curves.spread import spread
from figure import Figure
from numpy.typing import NDArray

from radio.dsp.modulate import Shape

LEVEL_DB: Final = 10.0
AT_ONCE: Final = 45
SPACING_HZ: Final = 4e3
SCENE_S: Final = 3.2
SHAPES: Final = {Shape.RECT: "sharp turns", Shape.S2LP: "turns of a common radio chip"}
_SEED: Final = 27


class Task(NamedTuple):
    """A scene."""

    shape: Shape
    seed: int
    frames: int


def measure(effort: Effort) -> Found:
    """Root mean square of each error, by how the phase is turned."""
    sizes = [min(AT_ONCE, effort.trials - done) for done in range(0, effort.trials, AT_ONCE)]
    figures = list[Figure]()
    for shape, words in SHAPES.items():
        tasks = [Task(shape, seed, size) for seed, size in enumerate(sizes)]
        found = list(spread(errors, tasks, jobs=effort.jobs, name=f"accuracy, {shape}"))
        figures += _figures(np.concatenate(found), shape, words)
    return Found(figures)


def errors(task: Task) -> NDArray[np.float64]:
    """Told less true: carrier Hz, start s, SNR dB, drift Hz/s. Shape (frames decoded, 4)."""
    rng = np.random.default_rng((_SEED, task.seed))
    frames = [
        frame(
            rng,
            first_bit_s=float(rng.uniform(0.1, SCENE_S - 2.3)),
            carrier_hz=(place - (task.frames - 1) / 2) * SPACING_HZ + float(rng.uniform(-500, 500)),
            snr_db=LEVEL_DB,
            shape=task.shape,
        )
        for place in range(task.frames)
    ]
    signal = rendered(frames, SCENE_S)
    decoded = receive(signal + noise(rng, signal.size), (100,), flush=True)
    sent = {one.key: one.burst for one in frames}
    rows = [
        (
            one.frequency_hz - sent[key_of(one)].carrier_hz,
            one.start_s - sent[key_of(one)].first_bit_s,
            one.snr_db - LEVEL_DB,
            one.drift_hz_per_s - sent[key_of(one)].drift_hz_per_s,
        )
        for one in decoded
        if key_of(one) in sent
    ]
    return np.array(rows, np.float64).reshape(-1, 4)


def _figures(found: NDArray[np.float64], shape: Shape, words: str) -> list[Figure]:
    how = f"root mean square over {len(found):,} frames of 12 bytes at 10 dB, 100 bps, {words}"
    frequency_hz, time_s, snr_db, drift = np.sqrt(np.square(found).mean(axis=0)).tolist()
    limit = f"{frequency_limit_hz(LEVEL_DB, 208, 100):.3f}"
    return [
        Figure(
            name=f"carrier_error_{shape}",
            value=frequency_hz,
            unit="Hz",
            how=how,
            required="≤ 0.3",
            limit=limit,
        ),
        Figure(
            name=f"time_error_{shape}", value=1e3 * time_s, unit="ms", how=how, required="≤ 0.5"
        ),
        Figure(name=f"snr_error_{shape}", value=snr_db, unit="dB", how=how),
        Figure(name=f"drift_error_{shape}", value=drift, unit="Hz/s", how=how),
    ]
