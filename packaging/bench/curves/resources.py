"""Processor time and memory of `nap decode`, a process of its own, on recordings of a crowd."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
from crowd import RATE_HZ, noise, rendered
from curves.curve import Effort, Found
from curves.messages import busy
from figure import Figure

from radio.frontend.sigmf_writer import write_recording

NAP: Final = Path(sys.executable).with_name("nap")
CROWDS: Final = ((0, (20.0, 20.0)), (20, (10.0, 40.0)), (100, (10.0, 40.0)), (270, (10.0, 40.0)))
COARSE: Final = ((2, (10.0, 40.0)),)
LEVELS: Final = "10-40 dB"
_KIB_PER_MIB: Final = 1024
_SEED: Final = 28
# A small process in between: the peak of a child begins with the memory of who started it.
_WATCHER: Final = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(used.ru_utime + used.ru_stime, used.ru_maxrss)
"""


class Used(NamedTuple):
    """What a process took."""

    cpu_s: float
    peak_mib: float


def measure(effort: Effort) -> Found:
    """Recording time over CPU time, and peak memory, with one bit rate and with both."""
    return Found(
        [
            figure
            for at_once, snr_db in (COARSE if effort.coarse else CROWDS)
            for figure in _figures(at_once, snr_db, effort.crowd_s)
        ]
    )


def _figures(at_once: int, snr_db: tuple[float, float], seconds: float) -> list[Figure]:
    air = f"{at_once} frames at once, {LEVELS}" if at_once else "noise alone"
    how = f"nap decode, start-up and all, of {seconds:g} s at 250 kS/s: {air}"
    with tempfile.TemporaryDirectory() as folder:
        recording = _record(Path(folder) / "crowd", at_once, snr_db, seconds)
        found = []
        for bit_rates in ("100", "both"):
            used = _decode(recording, bit_rates)
            words = "both_rates" if bit_rates == "both" else "100bps"
            found += [
                Figure(
                    name=f"decode_{at_once}_{words}_times_real_time",
                    value=seconds / used.cpu_s,
                    unit="x, CPU",
                    how=how,
                ),
                Figure(
                    name=f"decode_{at_once}_{words}_peak_rss",
                    value=used.peak_mib,
                    unit="MiB",
                    how=how,
                    required="< 250 for the box",
                ),
            ]
    return found


def _record(stem: Path, at_once: int, snr_db: tuple[float, float], seconds: float) -> Path:
    rng = np.random.default_rng((_SEED, at_once))
    sent = busy(rng, at_once=at_once, seconds=seconds, snr_db=snr_db)
    samples = rendered([one for frames in sent for one in frames], seconds)
    samples += noise(rng, samples.size)
    write_recording(stem, [samples], rate_hz=RATE_HZ, center_hz=868.13e6)
    return stem


def _decode(recording: Path, bit_rate: str) -> Used:
    command = [str(NAP), "decode", str(recording), "--bit-rate", bit_rate]
    done = subprocess.run(  # noqa: S603 - our own words
        [sys.executable, "-c", _WATCHER, *command], check=True, capture_output=True, text=True
    )
    cpu_s, peak_kib = map(float, done.stdout.split())
    return Used(cpu_s, peak_kib / _KIB_PER_MIB)
