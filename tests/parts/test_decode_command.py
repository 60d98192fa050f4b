"""`nap decode` as a user runs it: recordings of a simulated air in, lines of JSON out."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from radio.air.air import Air
from radio.air.device import Transmission
from radio.air.fleet import Fleet, devices_of
from radio.frontend.sigmf_writer import write_recording
from radio.sigfox.zones import ZONES

NAP = Path(sys.executable).with_name("nap")
RC1 = ZONES["RC1"]
SECONDS = 16.0


def nap_decode(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [NAP, "decode", *arguments], capture_output=True, text=True, timeout=100, check=False
    )


def air(rate_hz: float = 250e3) -> Air:
    fleet = Fleet(count=5, interval_s=15, snr_db=(12, 30), bit_rates=(100, 600))
    return Air(devices_of(fleet, RC1, 9), zone=RC1, rate_hz=rate_hz, seed=9)


def record(folder: Path, datatype: str = "cf32_le", rate_hz: float = 250e3) -> Path:
    sky, count = air(rate_hz), int(SECONDS * rate_hz)
    blocks = (sky.render(at, min(65_536, count - at)) for at in range(0, count, 65_536))
    stem = folder / datatype
    write_recording(
        stem,
        (block * 20 for block in blocks) if datatype != "cf32_le" else blocks,
        rate_hz=rate_hz,
        center_hz=RC1.uplink_center_hz,
        datatype=datatype,
        started_utc="2026-11-21T12:00:00Z",
    )
    return stem.with_name(stem.name + ".sigmf-meta")


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return record(tmp_path_factory.mktemp("recording"))


def sent_frames(
    bit_rates: tuple[int, ...] = (100, 600),
) -> dict[tuple[str, int, int], Transmission]:
    return {
        (f"{one.uplink.device_id:08x}", one.uplink.seq_number, one.rank): one
        for one in air().transmissions(0, SECONDS)
        if one.burst.begins_s > 0 and one.burst.ends_s < SECONDS and one.bit_rate in bit_rates
    }


def lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def frames(found: list[dict[str, Any]]) -> dict[tuple[str, int, int], dict[str, Any]]:
    return {
        (one["device_id"], one["seq_number"], frame["rank"]): frame
        for one in found
        for frame in one["frames"]
    }


@pytest.mark.parametrize("datatype", ["cf32_le", "ci16_le", "ci8", "cu8"])
def test_every_frame_of_a_recording_is_told_with_its_place(tmp_path: Path, datatype: str) -> None:
    result = nap_decode(record(tmp_path, datatype))
    assert (result.returncode, result.stderr) == (0, "")
    told, sent = frames(lines(result.stdout)), sent_frames()
    assert set(sent) <= set(told)
    for key, one in sent.items():
        assert told[key]["offset_s"] == pytest.approx(one.burst.first_bit_s, abs=1e-3)
        assert told[key]["frequency_hz"] == pytest.approx(one.frequency_hz, abs=1.0)
        assert told[key]["snr_db"] == pytest.approx(one.snr_db, abs=1.5)


def test_a_line_tells_one_message_with_all_that_is_fixed(recording: Path) -> None:
    found = lines(nap_decode(recording).stdout)
    keys = [(one["device_id"], one["seq_number"]) for one in found]
    assert len(set(keys)) == len(keys)
    for one in found:
        assert list(one) == [
            "device_id", "seq_number", "payload", "message_type", "bidirectional", "bit_rate",
            "authenticated", "combined", "offset_s", "time", "frequency_hz", "snr_db", "rssi_dbm",
            "frames",
        ]  # fmt: skip
        assert one["authenticated"] is None
        assert one["offset_s"] == min(frame["offset_s"] for frame in one["frames"])
        assert one["time"].startswith("2026-11-21T12:00:")
        assert one["time"].endswith("Z")


def test_keys_tell_right_from_wrong_tags(recording: Path, tmp_path: Path) -> None:
    first, second, *_ = {device.device_id: device for device in air()._devices}.values()
    keys = tmp_path / "keys.json"
    keys.write_text(
        json.dumps({f"{first.device_id:08X}": first.nak.hex(), f"{second.device_id:x}": "00" * 16})
    )
    told = {
        one["device_id"]: one["authenticated"]
        for one in lines(nap_decode(recording, "--keys", keys).stdout)
    }
    assert told.pop(f"{first.device_id:08x}") is True
    assert told.pop(f"{second.device_id:08x}") is False
    assert set(told.values()) == {None}


def test_bit_rate_and_zone_choose(recording: Path) -> None:
    fast = lines(nap_decode(recording, "--bit-rate", "600", "--zone", "RC1").stdout)
    assert {one["bit_rate"] for one in fast} == {600}
    assert set(sent_frames((600,))) <= set(frames(fast))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["/nowhere/at-all.sigmf-meta"], "/nowhere/at-all.sigmf-meta: No such file"),
        (["RECORDING", "--zone", "RC2"], "outside"),
        (["RECORDING", "--keys", "/nowhere.json"], "/nowhere.json: No such file"),
        (["RECORDING", "--keys", "RECORDING"], "not a JSON object of device id to NAK"),
    ],
)
def test_what_cannot_be_done_is_told_in_a_line(
    recording: Path, arguments: list[str], words: str
) -> None:
    result = nap_decode(*(str(recording) if word == "RECORDING" else word for word in arguments))
    assert result.returncode == 1
    assert result.stdout == ""
    assert words in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_bad_keys_are_named_and_never_shown(recording: Path, tmp_path: Path) -> None:
    keys = tmp_path / "keys.json"
    keys.write_text(json.dumps({"0123abcd": "00112233445566778899aabbccddeef"}))
    result = nap_decode(recording, "--keys", keys)
    assert result.returncode == 1
    assert "NAK of 0123abcd" in result.stderr
    assert "0011223344" not in result.stderr


def test_a_terminal_shows_how_far_it_is_and_stdout_stays_the_same(tmp_path: Path) -> None:
    recording = record(tmp_path)
    plain = nap_decode(recording).stdout
    ours, theirs = pty.openpty()
    command = [NAP, "decode", recording]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=theirs)
    stdout, _ = process.communicate(timeout=100)
    os.close(theirs)
    # A few lines fit the terminal's own buffer: they are all still there.
    written = os.read(ours, 1 << 16).decode()
    os.close(ours)
    assert stdout.decode() == plain
    assert "of 16 s" in written
    assert "x real time" in written
    assert written.endswith("\r")
    assert written.rstrip("\r").split("\r")[-1].strip() == ""
