"""`nap waterfall` as a user runs it: a recording of a simulated air in, a picture out."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from nap.waterfall.picture import FRAME_COLOUR, UNDECODED_COLOUR
from radio.air.air import Air
from radio.air.device import Transmission
from radio.air.fleet import Fleet, devices_of
from radio.frontend.sigmf_writer import write_recording
from radio.sigfox.zones import ZONES

NAP = Path(sys.executable).with_name("nap")
RC1 = ZONES["RC1"]
RATE_HZ = 250e3
SECONDS = 12.0


def waterfall(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [NAP, "waterfall", *arguments], capture_output=True, text=True, timeout=100, check=False
    )


def air() -> Air:
    fleet = Fleet(count=4, interval_s=12, snr_db=(14, 30), bit_rates=(100, 600))
    return Air(devices_of(fleet, RC1, 8), zone=RC1, rate_hz=RATE_HZ, seed=8)


def sent() -> list[Transmission]:
    return [
        one
        for one in air().transmissions(0, SECONDS)
        if one.burst.begins_s > 0 and one.burst.ends_s < SECONDS
    ]


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    stem, sky = tmp_path_factory.mktemp("recording") / "air", air()
    count = int(SECONDS * RATE_HZ)
    write_recording(
        stem,
        (sky.render(at, min(65_536, count - at)) for at in range(0, count, 65_536)),
        rate_hz=RATE_HZ,
        center_hz=RC1.uplink_center_hz,
        started_utc="2026-11-21T12:00:00Z",
    )
    return stem


def drawn(recording: Path, picture: Path, *arguments: str) -> dict[str, Any]:
    result = waterfall(recording, "-o", picture, "--json", *arguments)
    assert (result.returncode, result.stderr) == (0, "")
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def middle(box: list[int]) -> tuple[float, float]:
    return (box[0] + box[2]) / 2, (box[1] + box[3]) / 2


def test_every_frame_sent_is_boxed_where_it_is_bright(recording: Path, tmp_path: Path) -> None:
    found = drawn(recording, tmp_path / "air.png")
    pixels = np.asarray(Image.open(tmp_path / "air.png").convert("RGB")).astype(int)
    left, top, right, bottom = found["plot"]
    frames = {
        (b["device_id"], b["seq_number"], b["rank"]): b for b in found["bursts"] if b["device_id"]
    }
    assert len(sent()) > 5
    for one in sent():
        box = frames[f"{one.uplink.device_id:08x}", one.uplink.seq_number, one.rank]["box"]
        across, down = middle(box)
        low_hz, high_hz = found["low_hz"], found["high_hz"]
        place = left + (one.frequency_hz - low_hz) / (high_hz - low_hz) * (right - left)
        assert across == pytest.approx(place, abs=2)
        middle_s = (one.burst.begins_s + one.burst.ends_s) / 2
        row_px = middle_s / found["ends_s"] * (bottom - top)
        assert down == pytest.approx(top + row_px, abs=3)
        assert tuple(pixels[box[1], box[0]]) == FRAME_COLOUR
        inside = pixels[box[1] + 1 : box[3], round(across) - 1 : round(across) + 2].sum(axis=2)
        outside = pixels[top:bottom, left + 5 : left + 60].sum(axis=2)
        assert inside.max(axis=1).mean() > 1.5 * outside.mean()


def test_what_reaches_over_the_end_is_marked_as_not_decoded(
    recording: Path, tmp_path: Path
) -> None:
    late = max(sent(), key=lambda one: one.burst.ends_s)
    cut_s = late.burst.ends_s - 0.3 * (late.burst.ends_s - late.burst.begins_s)
    found = drawn(recording, tmp_path / "cut.png", "--to", f"{cut_s:.3f}")
    assert found["ends_s"] == pytest.approx(cut_s, abs=1e-3)
    [burst] = [
        b
        for b in found["bursts"]
        if abs(b["frequency_hz"] - late.frequency_hz) < 50 and b["bit_rate"] == late.bit_rate
    ]
    assert burst["device_id"] is None
    assert burst["reason"]
    pixels = np.asarray(Image.open(tmp_path / "cut.png").convert("RGB"))
    assert tuple(pixels[burst["box"][1], burst["box"][0]]) == UNDECODED_COLOUR


def test_zone_bit_rate_and_stretch_choose(recording: Path, tmp_path: Path) -> None:
    fast = [one for one in sent() if one.bit_rate == 600]
    from_s, to_s = fast[0].burst.begins_s - 0.2, fast[0].burst.ends_s + 0.2
    found = drawn(
        recording, tmp_path / "part.png", "--zone", "RC1", "--bit-rate", "600",
        "--from", f"{from_s:.3f}", "--to", f"{to_s:.3f}",
    )  # fmt: skip
    assert (found["low_hz"], found["high_hz"]) == RC1.band_hz
    assert (found["begins_s"], found["ends_s"]) == pytest.approx((from_s, to_s), abs=1e-3)
    there = {
        one.frequency_hz for one in fast if from_s < one.burst.begins_s and one.burst.ends_s < to_s
    }
    assert len(there) < len(fast)
    boxed = [burst["frequency_hz"] for burst in found["bursts"] if burst["device_id"]]
    assert sorted(boxed) == pytest.approx(sorted(there), abs=1)
    assert {burst["bit_rate"] for burst in found["bursts"]} == {600}


def test_a_line_tells_what_was_drawn(recording: Path, tmp_path: Path) -> None:
    result = waterfall(recording, "-o", tmp_path / "air.png", "--to", "3")
    assert (result.returncode, result.stderr) == (0, "")
    [line] = result.stdout.splitlines()
    assert "air.png: " in line
    assert "frames" in line


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["/nowhere/at-all", "-o", "OUT"], 1, "/nowhere/at-all.sigmf-meta: No such file"),
        (["RECORDING", "-o", "/nowhere/at-all.png"], 1, "/nowhere/at-all.png: No such file"),
        (["RECORDING", "-o", "OUT", "--zone", "RC2"], 1, "outside"),
        (["RECORDING", "-o", "OUT", "--from", "99"], 1, "no samples from 99 s on"),
        (["RECORDING", "-o", "OUT", "--from", "5", "--to", "5"], 2, "--to 5 is not after --from 5"),
        (["RECORDING", "-o", "OUT", "--from", "-1"], 2, "-1 is not a time in seconds"),
        (["RECORDING"], 2, "-o/--out"),
    ],
)
def test_what_cannot_be_done_is_told_and_leaves_no_picture(
    recording: Path, tmp_path: Path, arguments: list[str], code: int, words: str
) -> None:
    places = {"RECORDING": str(recording), "OUT": str(tmp_path / "out.png")}
    result = waterfall(*(places.get(word, word) for word in arguments))
    assert result.returncode == code
    assert result.stdout == ""
    assert words in result.stderr
    assert "Traceback" not in result.stderr
    assert not (tmp_path / "out.png").exists()


def test_a_rate_that_no_machine_can_hold_is_refused(recording: Path, tmp_path: Path) -> None:
    meta = json.loads(recording.with_name("air.sigmf-meta").read_text())
    meta["global"]["core:sample_rate"] = 1e12
    (tmp_path / "huge.sigmf-meta").write_text(json.dumps(meta))
    (tmp_path / "huge.sigmf-data").write_bytes(b"\0" * 800)
    for command in (["waterfall", "-o", tmp_path / "huge.png"], ["decode"]):
        result = subprocess.run(
            [NAP, *command, tmp_path / "huge"], capture_output=True, text=True, check=False
        )
        assert result.returncode == 1
        assert "sample_rate" in result.stderr
        assert len(result.stderr.splitlines()) == 1
