"""Levels, heartbeats, clips and zones of a real worker process on a simulated air."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sigmf

from radio.air.air import Air
from radio.events import ClipKept, FrameHeard, LevelsMeasured, RadioEvent, StreamFailed
from radio.frontend.sigmf_writer import write_recording
from radio.sigfox.zones import ZONES
from radio.stats import RadioStats
from tests.parts.test_worker import close_stdin, events, record, worker
from tests.simulators.scene import IMPULSES_PER_S, Scene, add_impulses

FAST_AIR = {"type": "simulator", "speed": None, "devices": 8, "interval_s": 30, "seed": 4}
DEVICES = {f"{0x0051_0000 + number:08x}" for number in range(8)}


def tell(process: subprocess.Popen[bytes], **command: Any) -> None:  # noqa: ANN401
    assert process.stdin is not None
    process.stdin.write(json.dumps(command).encode() + b"\n")
    process.stdin.flush()


def until_levels(
    stream: Iterator[RadioEvent],
) -> tuple[list[FrameHeard], RadioStats, LevelsMeasured]:
    """All frames until the first levels are told, and the statistics before them."""
    frames: list[FrameHeard] = []
    stats: RadioStats | None = None
    for event in stream:
        match event:
            case FrameHeard():
                frames.append(event)
            case RadioStats():
                stats = event
            case LevelsMeasured():
                assert stats is not None
                return frames, stats, event
    pytest.fail("no levels were told")


@pytest.mark.slow
def test_a_minute_of_air_is_measured_and_its_heartbeats_are_nobodys_frames() -> None:
    settings = {
        "front_end": {**FAST_AIR, "bit_rates": [100]},
        "bit_rates": [100],
        "heartbeat": {"every_s": 20},
        "calibration_db": -30.0,
    }
    with worker(settings) as process:
        frames, stats, levels = until_levels(events(process))
        close_stdin(process)
        assert process.wait(timeout=10) == 0
    assert stats.heartbeat is not None
    assert stats.heartbeat.injected == stats.heartbeat.decoded >= 2
    assert {frame.device_id for frame in frames} <= DEVICES
    assert [frame.number for frame in frames] == list(range(1, len(frames) + 1))
    assert stats.frames <= len(frames)
    assert {frame.zone for frame in frames} == {"RC1"}
    assert len(levels.khz) == len(levels.noise_dbfs_per_hz) == len(levels.busy) == 192
    assert all(abs(noise + 90) < 1.5 for noise in levels.noise_dbfs_per_hz)
    assert 0 < sum(levels.busy) / 192 < 0.1
    assert levels.frames > 0
    assert (stats.full_scale_dbm, stats.uncalibrated) == (-30.0, None)
    assert (stats.black_box, stats.oscillator) == (None, None)


def test_the_last_seconds_are_kept_when_asked_for(tmp_path: Path) -> None:
    settings = {"front_end": FAST_AIR, "black_box": {"folder": str(tmp_path), "lowest_snr_db": 80}}
    with worker(settings) as process:
        stream = events(process)
        next(event for event in stream if isinstance(event, RadioStats))
        tell(process, type="keep_clip", id="mine", seconds=1.0)
        kept = next(event for event in stream if isinstance(event, ClipKept))
        later = next(
            event for event in stream
            if isinstance(event, RadioStats) and event.black_box and event.black_box.clips
        )  # fmt: skip
        close_stdin(process)
        assert process.wait(timeout=10) == 0
    assert (kept.id, kept.problem) == ("mine", None)
    assert 0 < kept.seconds <= 1.0
    assert later.black_box is not None
    assert later.black_box.bytes == sum(path.stat().st_size for path in tmp_path.iterdir())
    sigmf.sigmffile.fromfile(str(tmp_path / f"{kept.name}.sigmf-meta")).validate()


def test_without_a_black_box_the_wish_is_refused() -> None:
    with worker({"front_end": FAST_AIR, "black_box": {"enabled": False}}) as process:
        stream = events(process)
        next(stream)
        tell(process, type="keep_clip", id="mine", seconds=1.0)
        kept = next(event for event in stream if isinstance(event, ClipKept))
    assert (kept.name, kept.problem) == (None, "the black box is off")


def test_without_samples_the_wish_is_refused_at_once() -> None:
    with worker({"front_end": {"type": "rtl_tcp", "port": 1}}) as process:
        stream = events(process)
        assert isinstance(next(stream), StreamFailed)
        tell(process, type="keep_clip", id="mine", seconds=1.0)
        kept = next(event for event in stream if isinstance(event, ClipKept))
    assert (kept.name, kept.problem) == (None, "no samples come in")


def test_frames_that_collided_become_clips_by_themselves(tmp_path: Path) -> None:
    front_end = {**FAST_AIR, "devices": 40, "interval_s": 12, "bit_rates": [600]}
    box = {"folder": str(tmp_path), "lowest_snr_db": 3, "max_bytes": 8_000_000}
    settings = {"front_end": front_end, "black_box": box, "bit_rates": [600]}
    with worker(settings) as process:
        kept = next(event for event in events(process) if isinstance(event, ClipKept))
    assert (kept.id, kept.problem) == (None, None)
    clip = sigmf.sigmffile.fromfile(str(tmp_path / f"{kept.name}.sigmf-meta"))
    clip.validate()
    assert clip.get_global_field("nap:kind") == "undecoded"
    assert len(clip.get_annotations()) >= 1


def test_recordings_have_neither_heartbeat_nor_black_box(tmp_path: Path) -> None:
    record(tmp_path / "air", Air([], zone=ZONES["RC1"], rate_hz=250_000.0), seconds=12)
    settings = {
        "front_end": {"type": "recording", "path": str(tmp_path / "air")},
        "black_box": {"folder": str(tmp_path / "clips")},
        "heartbeat": {"every_s": 20},
    }
    with worker(settings) as process:
        reports = [event for event in events(process) if isinstance(event, RadioStats)]
    assert reports[-1].samples == 3_000_000
    assert (reports[-1].heartbeat, reports[-1].black_box, reports[-1].frames) == (None, None, 0)
    assert not (tmp_path / "clips").exists()


def test_impulses_cut_out_and_places_searched_are_told(tmp_path: Path) -> None:
    scene = Scene(4.0, seed=9)
    for place_hz in (-60e3, -20e3, 30e3, 70e3):
        scene.add(carrier_hz=place_hz, first_bit_s=0.5, snr_db=20.0)
    quiet = last_stats(tmp_path / "quiet", scene)
    add_impulses(scene, over_noise_db=60.0, length_s=200e-6)
    stormy = last_stats(tmp_path / "stormy", scene)
    assert quiet.frames == stormy.frames == 4
    assert quiet.samples_blanked == 0
    hit = IMPULSES_PER_S * scene.seconds * 200e-6 * scene.rate_hz
    assert 0.5 * hit < stormy.samples_blanked < 20 * hit
    assert min(quiet.candidates, stormy.candidates) >= 4


def last_stats(stem: Path, scene: Scene) -> RadioStats:
    """What a worker that played the scene to its end says last."""
    write_recording(stem, [scene.samples], rate_hz=scene.rate_hz, center_hz=868.13e6)
    with worker({"front_end": {"type": "recording", "path": str(stem)}}) as process:
        return [event for event in events(process) if isinstance(event, RadioStats)][-1]


def test_two_zones_are_heard_with_one_front_end() -> None:
    front_end = {**FAST_AIR, "rate_hz": 1e6, "bit_rates": [600], "interval_s": 10}
    settings = {
        "front_end": front_end, "zone": "RC1", "more_zones": ["RC7"], "bit_rates": [600],
    }  # fmt: skip
    zones: dict[str, set[float]] = {"RC1": set(), "RC7": set()}
    with worker(settings) as process:
        for event in events(process):
            if isinstance(event, FrameHeard):
                zones[str(event.zone)].add(event.frequency_hz)
            if min(map(len, zones.values())) >= 5:
                break
    for name, heard in zones.items():
        low_hz, high_hz = ZONES[name].band_hz
        assert all(low_hz <= frequency_hz <= high_hz for frequency_hz in heard)


def test_zones_that_do_not_fit_the_rate_are_refused_with_the_rate_that_would_do() -> None:
    with worker({"front_end": FAST_AIR, "more_zones": ["RC7"]}) as process:
        _, err = process.communicate(timeout=30)
    assert process.returncode == 2
    assert b"set rate_hz to 957778" in err
