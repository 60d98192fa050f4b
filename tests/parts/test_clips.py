"""Clips as real files: held against the official validator, decoded, evicted, cut by crashes."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import pytest
import sigmf

from radio.blackbox.black_box import BlackBox
from radio.blackbox.clip import ClipAbout
from radio.blackbox.files import clips_in
from radio.blackbox.shelf import ClipTooLargeError, Shelf
from radio.blackbox.writer import ClipWriter
from radio.commands import KeepClip
from radio.dsp.report import Undecoded
from radio.events import ClipKept
from radio.frontend.ports import IqBlock, StreamFacts
from radio.frontend.sigmf import Recording
from radio.instruments import Instruments, Lasting
from radio.iso_time import iso_utc, parse_iso_utc
from radio.levels.full_scale import FullScale
from radio.listener import Counts, Listener
from radio.settings import BlackBoxSettings, WorkerSettings
from radio.sigfox.rejected import Reason
from tests.simulators.scene import Scene

RATE_HZ = 250e3
FACTS = StreamFacts(RATE_HZ, 868.13e6)
BEGAN = parse_iso_utc("2026-11-21T19:00:00Z")
BURST = Undecoded(Reason.CRC, 600, 2.0, 868.1e6, 11.5)
EARLY = replace(BURST, start_s=0.02)
ABOUT = ClipAbout(
    kind="undecoded", datatype="cu8", rate_hz=RATE_HZ, center_hz=868.13e6, started_utc=None,
    full_scale_dbm=None, zones=["RC1"], simulated=True, first_s=0.0, bursts=[EARLY],
)  # fmt: skip
DAY_S = 86_400.0


class Box:
    """A black box with its writer, and what that told."""

    def __init__(self, folder: Path, **settings: object) -> None:
        self.told: list[ClipKept] = []
        self.writer = ClipWriter(folder, 100_000_000, self.told.append)
        self.writer.start()
        self.box = BlackBox(
            msgspec.convert(settings, BlackBoxSettings), FACTS, self.writer, datatype="cu8",
            needed_s=20.0, full_scale_dbm=-31.5, zones=["RC1"], simulated=True,
        )  # fmt: skip

    def feed(self, samples: np.ndarray) -> None:
        for at in range(0, samples.size, 50_000):
            began = BEGAN.timestamp() + at / RATE_HZ
            utc = type(BEGAN).fromtimestamp(began, BEGAN.tzinfo)
            self.box.feed(IqBlock(samples[at : at + 50_000], at), utc)

    def written(self) -> list[ClipKept]:
        self.writer.close()
        return self.told


def test_a_burst_becomes_a_clip_that_decodes_and_that_the_official_library_accepts(
    tmp_path: Path,
) -> None:
    scene = Scene(8.0, seed=3)
    sent = scene.add(carrier_hz=-30_000.0, first_bit_s=2.0, bit_rate=600, snr_db=25.0)
    rig = Box(tmp_path / "clips", ring_s=8.0)
    rig.feed(scene.samples[:1_000_000])
    rig.box.undecoded(BURST)
    for at in range(1_000_000, scene.samples.size, 50_000):
        rig.box.feed(IqBlock(scene.samples[at : at + 50_000], at), None)
    (kept,) = rig.written()
    assert kept.name is not None
    stem = tmp_path / "clips" / kept.name
    official = sigmf.sigmffile.fromfile(f"{stem}.sigmf-meta")
    official.validate()
    (annotation,) = official.get_annotations()
    assert annotation["core:sample_start"] == pytest.approx(0.5 * RATE_HZ, abs=1)
    assert annotation["core:label"] == "undecoded"
    assert "crc" in annotation["core:comment"]
    decode = Path(sys.executable).with_name("nap")
    lines = subprocess.run([decode, "decode", stem], capture_output=True, check=True).stdout
    decoded = msgspec.json.decode(lines)
    assert decoded["device_id"] == f"{sent.uplink.device_id:08x}"
    assert decoded["offset_s"] == pytest.approx(0.5, abs=0.002)


def test_the_last_seconds_are_kept_on_demand_with_time_and_calibration(tmp_path: Path) -> None:
    rig = Box(tmp_path / "clips", ring_s=2.0)
    samples = Scene(3.0, seed=4).samples
    rig.feed(samples)
    assert rig.box.keep("a", 1.0) is None
    (one,) = rig.written()
    assert (one.id, one.seconds, one.problem) == ("a", pytest.approx(1.0), None)
    with Recording(tmp_path / "clips" / str(one.name)).open() as stream:
        assert stream.facts.started_utc == iso_utc(parse_iso_utc("2026-11-21T19:00:02Z"))
        assert stream.facts.calibration_db == -31.5
        assert stream.facts.center_hz == 868.13e6
        read = np.concatenate([block.samples for block in stream.blocks()])
    np.testing.assert_allclose(read, samples[500_000:], atol=1 / 128)


def test_more_than_memory_holds_is_as_much_as_it_holds(tmp_path: Path) -> None:
    rig = Box(tmp_path / "clips", ring_s=60.0, ring_bytes=1_000_000)
    rig.feed(Scene(3.0, seed=4).samples)
    assert rig.box.stats().ring_s == pytest.approx(2.0)
    rig.box.keep("a", 60.0)
    (one,) = rig.written()
    assert one.seconds == pytest.approx(2.0)


def test_bursts_that_memory_no_longer_holds_are_counted(tmp_path: Path) -> None:
    rig = Box(tmp_path / "clips", ring_s=1.0)
    rig.feed(Scene(3.0, seed=4).samples)
    rig.box.undecoded(replace(BURST, start_s=0.5))
    for at in range(750_000, 2_000_000, 50_000):
        rig.box.feed(IqBlock(np.zeros(50_000, np.complex64), at), None)
    assert rig.written() == []
    assert rig.box.stats().passed_over == 1


def test_clips_hold_what_was_on_the_air_and_no_heartbeat(tmp_path: Path) -> None:
    raw = {
        "front_end": {"type": "rtl_tcp"},
        "bit_rates": [600],
        "heartbeat": {"every_s": 20, "snr_db": 30},
        "black_box": {"folder": str(tmp_path), "ring_s": 15},
    }
    told: list[ClipKept] = []
    writer = ClipWriter(tmp_path, 100_000_000, told.append)
    writer.start()
    counts = Counts()
    lasting = Lasting(FullScale(None), writer, None, simulated=True)
    rng = np.random.default_rng(2)
    settings = msgspec.convert(raw, WorkerSettings)
    instruments = Instruments(settings, FACTS, counts, lasting, rng)
    listener = Listener(
        FACTS, counts, bit_rates=(600,), zones=settings.zones, sift=instruments.sift
    )
    noise = Scene(14.0, seed=6).samples
    mixed = [instruments.take(IqBlock(noise[at : at + 50_000], at), None)
             for at in range(0, noise.size, 50_000)]  # fmt: skip
    assert not np.array_equal(np.concatenate([block.samples for block in mixed]), noise)
    assert [frame for block in mixed for frame in listener.feed(block, None)] == []
    assert lasting.heartbeats.last_hour() == (1, 1)
    instruments.keep(KeepClip(id="a", seconds=15.0))
    writer.close()
    with Recording(tmp_path / str(told[0].name)).open() as stream:
        kept = np.concatenate([block.samples for block in stream.blocks()])
    np.testing.assert_allclose(kept, noise, atol=1 / 128)


def shelf(folder: Path, max_bytes: int = 50_000) -> Shelf:
    made = Shelf(folder, max_bytes)
    made.sweep()
    return made


def with_snr(snr_db: float) -> ClipAbout:
    return replace(ABOUT, bursts=[replace(BURST, snr_db=snr_db)])


def test_the_budget_holds_and_the_least_interesting_go_first(tmp_path: Path) -> None:
    clips = shelf(tmp_path)
    for number, snr_db in enumerate((20.0, 9.0, 15.0, 12.0)):
        clips.put(f"clip-{number}", with_snr(snr_db), bytes(10_000), DAY_S)
    clips.put("clip-asked", replace(ABOUT, kind="kept", bursts=()), bytes(20_000), DAY_S)
    assert [clip.name for clip in clips_in(tmp_path)] == ["clip-0", "clip-2", "clip-asked"]
    assert sum(clip.bytes for clip in clips_in(tmp_path)) <= 50_000
    assert clips.removed == 2
    now_s = max(clip.modified_s for clip in clips_in(tmp_path))
    with pytest.raises(ClipTooLargeError):
        clips.put("clip-weak", with_snr(3.0), bytes(20_000), now_s)
    with pytest.raises(ClipTooLargeError):
        clips.put("clip-big", with_snr(90.0), bytes(60_000), now_s)
    assert len(clips_in(tmp_path)) == 3


def test_recordings_of_others_are_neither_counted_nor_removed(tmp_path: Path) -> None:
    for name in ("mine.sigmf-data", "mine.sigmf-meta", "clip-foreign.sigmf-meta"):
        (tmp_path / name).write_bytes(b'{"global": {}}')
    (tmp_path / "orphan.sigmf-data").write_bytes(b"x")
    clips = shelf(tmp_path, max_bytes=10_000)
    clips.put("clip-a", ABOUT, bytes(5_000), DAY_S)
    clips.put("clip-b", replace(ABOUT, kind="kept"), bytes(5_000), DAY_S)
    assert [clip.name for clip in clips_in(tmp_path)] == ["clip-b"]
    for path in tmp_path.glob("clip-b*"):
        path.rename(tmp_path / path.name.replace("clip-b", "mine"))  # saved from the budget
    clips.put("clip-c", replace(ABOUT, kind="kept"), bytes(8_000), DAY_S)
    assert [clip.name for clip in clips_in(tmp_path)] == ["clip-c"]
    assert len(list(tmp_path.glob("mine*"))) == 2
    assert (tmp_path / "orphan.sigmf-data").exists()
    assert (tmp_path / "clip-foreign.sigmf-meta").exists()


def test_what_a_crash_left_behind_is_swept_away(tmp_path: Path) -> None:
    shelf(tmp_path).put("clip-whole", ABOUT, bytes(100), DAY_S)
    (tmp_path / "clip-half.sigmf-data").write_bytes(b"x")
    (tmp_path / "clip-open.sigmf-data.part").write_bytes(b"x")
    (tmp_path / "clip-open.sigmf-meta.part").write_bytes(b"x")
    shelf(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "clip-whole.sigmf-data",
        "clip-whole.sigmf-meta",
    ]


KILLED = """
import os, signal, sys
from pathlib import Path
from tests.parts.test_clips import ABOUT
from radio.blackbox.shelf import Shelf
shelf = Shelf(Path(sys.argv[1]), 10**9)
shelf.sweep()
print("ready", flush=True)
for number in range(10**6):
    shelf.put(f"clip-{number}", ABOUT, os.urandom(300_000), 0.0)
"""


@pytest.mark.parametrize("after_s", [0.02, 0.05, 0.11])
def test_a_kill_at_any_moment_leaves_only_whole_clips(tmp_path: Path, after_s: float) -> None:
    writer = subprocess.Popen(
        [sys.executable, "-c", KILLED, tmp_path], stdout=subprocess.PIPE, cwd=Path.cwd()
    )
    assert writer.stdout is not None
    writer.stdout.readline()
    with pytest.raises(subprocess.TimeoutExpired):
        writer.wait(after_s)
    writer.send_signal(signal.SIGKILL)
    writer.communicate()
    shelf(tmp_path, 10**9)
    for clip in clips_in(tmp_path):
        sigmf.sigmffile.fromfile(str(tmp_path / f"{clip.name}.sigmf-meta")).validate()
        assert (tmp_path / f"{clip.name}.sigmf-data").stat().st_size == 300_000
    assert not list(tmp_path.glob("*.part"))


def test_a_disk_that_is_nearly_full_is_left_to_the_messages(tmp_path: Path) -> None:
    clips = Shelf(tmp_path, 10**9, left_free_bytes=10**18)
    clips.sweep()
    with pytest.raises(OSError, match="would be left free"):
        clips.put("clip-a", ABOUT, bytes(1_000), DAY_S)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_made_costs_clips_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    rig = Box(tmp_path / "file" / "clips", ring_s=2.0)
    rig.feed(Scene(1.0, seed=4).samples)
    rig.box.keep("a", 0.5)
    (one,) = rig.written()
    assert (one.name, one.id) == (None, "a")
    assert "Not a directory" in (one.problem or "")
    assert rig.box.stats().problem == one.problem


def test_more_clips_than_the_disk_takes_are_refused_not_queued_for_ever(tmp_path: Path) -> None:
    hanging = ClipWriter(tmp_path, 10**9, lambda _kept: None)  # never started: a disk that hangs
    box = BlackBox(
        BlackBoxSettings(), FACTS, hanging, datatype="cu8", needed_s=20.0,
        full_scale_dbm=None, zones=["RC1"], simulated=True,
    )  # fmt: skip
    box.feed(IqBlock(np.zeros(50_000, np.complex64), 0), None)
    answers = [box.keep(str(number), 0.1) for number in range(4)]
    assert answers[:2] == [None, None]
    assert all(answer and "try again" in (answer.problem or "") for answer in answers[2:])
    assert box.stats().passed_over == 2


def in_a_child(act: Callable[[], None]) -> int:
    """Run in a process of its own, whose limits are its own; its exit code."""
    child = os.fork()
    if child == 0:
        try:
            act()
            os._exit(0)
        except BaseException:  # noqa: BLE001 - the parent shall see it
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def test_a_disk_that_refuses_costs_the_clip_and_is_told(tmp_path: Path) -> None:
    folder = tmp_path / "clips"

    def act() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        rig = Box(folder, ring_s=2.0)
        rig.feed(Scene(1.0, seed=4).samples)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
        rig.box.keep("a", 1.0)
        (one,) = rig.written()
        assert one.name is None
        assert "File too large" in (one.problem or "")
        stats = rig.box.stats()
        assert (stats.failed, stats.clips) == (1, 0)
        assert "File too large" in (stats.problem or "")

    assert in_a_child(act) == 0
    assert list(folder.iterdir()) == []
