"""The radio worker as a process: settings in, events out, and what may go wrong between."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from radio.air.air import Air
from radio.air.device import Device, Transmission
from radio.air.fleet import Fleet, devices_of
from radio.events import FrameHeard, RadioEvent, StreamEnded, StreamFailed, StreamOpened
from radio.frontend.sigmf_writer import write_recording
from radio.sigfox.zones import ZONES
from radio.stats import RadioStats
from tests.simulators.rtl_tcp_server import Misbehaviour, RtlTcpServer

WORKER = [sys.executable, "-m", "radio.worker"]
RC1 = ZONES["RC1"]
RATE_HZ = 250_000.0
FAST_AIR = {"type": "simulator", "speed": None, "devices": 6, "interval_s": 12, "seed": 4}


@contextmanager
def worker(settings: dict[str, Any] | bytes) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        WORKER, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdin is not None
    line = settings if isinstance(settings, bytes) else json.dumps(settings).encode()
    process.stdin.write(line + b"\n")
    process.stdin.flush()
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout, process.stderr):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()


def events(process: subprocess.Popen[bytes]) -> Iterator[RadioEvent]:
    assert process.stdout is not None
    decoder = msgspec.json.Decoder(RadioEvent)
    for line in process.stdout:
        yield decoder.decode(line)


def close_stdin(process: subprocess.Popen[bytes]) -> None:
    assert process.stdin is not None
    process.stdin.close()


def record(stem: Path, air: Air, seconds: float) -> list[Transmission]:
    block = 50_000
    count = int(seconds * RATE_HZ) // block
    write_recording(
        stem,
        (air.render(number * block, block) for number in range(count)),
        rate_hz=RATE_HZ,
        center_hz=air.center_hz,
        datatype="cu8",
        started_utc="2026-11-21T16:00:00Z",
    )
    return [sent for sent in air.transmissions(0, seconds) if sent.burst.ends_s < seconds]


def test_a_recording_is_heard_to_its_end(tmp_path: Path) -> None:
    fleet = Fleet(count=9, interval_s=12, snr_db=(20, 30), bit_rates=(600,))
    truth = record(
        tmp_path / "air", Air(devices_of(fleet, RC1, 1), zone=RC1, rate_hz=RATE_HZ), seconds=6
    )
    front_end = {"type": "recording", "path": str(tmp_path / "air")}
    with worker({"front_end": front_end, "calibration_db": -30.0}) as process:
        opened, *between, ended = events(process)
        assert process.wait(timeout=30) == 0
    assert isinstance(opened, StreamOpened)
    assert (opened.rate_hz, opened.center_hz, opened.simulated) == (RATE_HZ, 868_130_000, True)
    assert isinstance(ended, StreamEnded)
    heard = [event for event in between if isinstance(event, FrameHeard)]
    assert [frame.number for frame in heard] == list(range(1, len(heard) + 1))
    key = {(frame.device_id, frame.seq_number, frame.rank): frame for frame in heard}
    assert len(key) == len(truth) > 9
    for sent in truth:
        frame = key[f"{sent.uplink.device_id:08x}", sent.uplink.seq_number, sent.rank]
        assert frame.payload == sent.uplink.payload.hex()
        assert frame.offset_s == pytest.approx(sent.burst.first_bit_s, abs=0.001)
        assert frame.frequency_hz == pytest.approx(sent.frequency_hz, abs=5)
        began = datetime(2026, 11, 21, 16, tzinfo=UTC) + timedelta(seconds=frame.offset_s)
        assert frame.received_utc is not None
        received = datetime.fromisoformat(frame.received_utc)
        assert abs(received - began) < timedelta(milliseconds=1)
        assert frame.rssi_dbm == pytest.approx(-30 - 90 + 27.8 + sent.snr_db, abs=2)
    last_stats = [event for event in between if isinstance(event, RadioStats)][-1]
    assert last_stats.frames == len(heard)
    assert last_stats.samples == 6 * RATE_HZ
    assert last_stats.frames_lost == 0
    assert last_stats.noise_dbfs_per_hz == pytest.approx(-90, abs=0.5)


def test_live_frames_carry_the_time_at_which_they_were_on_the_air() -> None:
    began_utc = datetime.now(UTC)
    front_end = {**FAST_AIR, "speed": 1, "bit_rates": [600], "interval_s": 10, "devices": 20}
    with worker({"front_end": front_end}) as process:
        stream = events(process)
        frame = next(event for event in stream if isinstance(event, FrameHeard))
        now_utc = datetime.now(UTC)
        close_stdin(process)
        assert process.wait(timeout=10) == 0
    assert frame.received_utc is not None
    received_utc = datetime.fromisoformat(frame.received_utc)
    assert began_utc < received_utc < now_utc
    assert (received_utc - began_utc).total_seconds() > frame.offset_s


def test_statistics_come_while_samples_flow() -> None:
    with worker({"front_end": {**FAST_AIR, "devices": 0}}) as process:
        reports = [event for event, _ in zip(events(process), range(4), strict=False)][1:]
    assert all(isinstance(report, RadioStats) for report in reports)
    samples = [report.samples for report in reports if isinstance(report, RadioStats)]
    assert samples == sorted(samples)
    assert isinstance(reports[-1], RadioStats)
    assert reports[-1].noise_dbfs_per_hz == pytest.approx(-90, abs=1)
    assert 0 < reports[-1].load < 5
    assert reports[-1].frames == 0


def test_a_slow_reader_costs_the_oldest_frames_and_they_are_counted() -> None:
    with worker({"front_end": {**FAST_AIR, "devices": 60}, "queue_limit": 5}) as process:
        assert process.stdout is not None
        fill_the_pipe(process)
        numbers, lost = [], 0
        for event in events(process):
            if isinstance(event, FrameHeard):
                numbers.append(event.number)
            if isinstance(event, RadioStats):
                lost = event.frames_lost
                if numbers and numbers[-1] - len(numbers) == lost > 0:
                    break
        close_stdin(process)
        assert process.wait(timeout=10) == 0
    assert numbers == sorted(numbers)
    assert lost > 0


def fill_the_pipe(process: subprocess.Popen[bytes]) -> None:
    """Make the pipe a page, some ten frames long, and let the worker hear far more than that."""
    assert process.stdout is not None
    fcntl.fcntl(process.stdout, fcntl.F_SETPIPE_SZ, 4096)
    while cpu_s(Path(f"/proc/{process.pid}/stat")) < 2.5:
        time.sleep(0.1)


def cpu_s(stat: Path) -> float:
    fields = stat.read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_it_ends_when_stdin_closes_although_nobody_reads() -> None:
    with worker({"front_end": {**FAST_AIR, "devices": 50}, "queue_limit": 5}) as process:
        fill_the_pipe(process)
        close_stdin(process)
        assert process.wait(timeout=10) == 0


def test_it_ends_when_its_reader_is_gone() -> None:
    with worker({"front_end": FAST_AIR}) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.wait(timeout=30) == 0


def test_an_interrupt_from_the_terminal_is_left_to_the_gateway() -> None:
    with worker({"front_end": {**FAST_AIR, "speed": 1}}) as process:
        stream = events(process)
        next(stream)
        process.send_signal(signal.SIGINT)
        assert isinstance(next(stream), FrameHeard | RadioStats)
        close_stdin(process)
        assert process.wait(timeout=10) == 0


@pytest.mark.parametrize(
    ("settings", "place"),
    [
        (b"", "truncated"),
        (b"\xff", "malformed"),
        ({}, "front_end"),
        ({"front_end": {"type": "crystal"}}, "crystal"),
        ({"front_end": {"type": "simulator", "loudness": 1}}, "loudness"),
        ({"front_end": FAST_AIR, "zone": "RC8"}, "$.zone"),
        ({"front_end": {**FAST_AIR, "bit_rates": [100]}, "zone": "RC2"}, "RC2 has no 100 bps"),
        ({"front_end": FAST_AIR, "queue_limit": 0}, "$.queue_limit"),
        ({"front_end": FAST_AIR, "transmit": {}}, "transmit.airtime_path is missing"),
        ({"front_end": FAST_AIR, "transmit": {"state": "loud"}}, "$.transmit.state"),
    ],
)
def test_wrong_settings_are_named_and_exit_with_two(settings: Any, place: str) -> None:  # noqa: ANN401
    with worker(settings) as process:
        out, err = process.communicate(timeout=30)
    assert process.returncode == 2
    assert out == b""
    assert place in err.decode()
    assert b"Traceback" not in err


def test_a_damaged_recording_is_told_and_not_tried_again(tmp_path: Path) -> None:
    (tmp_path / "bad.sigmf-meta").write_text("{}")
    front_end = {"type": "recording", "path": str(tmp_path / "bad")}
    with worker({"front_end": front_end}) as process:
        (failed,) = events(process)
        assert process.wait(timeout=30) == 1
    assert isinstance(failed, StreamFailed)
    assert failed.again_in_s is None
    assert "bad.sigmf-meta" in failed.reason


def test_a_recording_of_another_band_is_told_and_not_tried_again(tmp_path: Path) -> None:
    write_recording(
        tmp_path / "fm", [np.zeros(100, np.complex64)], rate_hz=RATE_HZ, center_hz=100e6
    )
    front_end = {"type": "recording", "path": str(tmp_path / "fm")}
    with worker({"front_end": front_end}) as process:
        (failed,) = events(process)
        assert process.wait(timeout=30) == 1
    assert isinstance(failed, StreamFailed)
    assert "outside" in failed.reason


def test_a_part_that_fails_is_opened_again_with_growing_delay() -> None:
    wrong = Misbehaviour(close_after_bytes=400_000)
    with RtlTcpServer(RATE_HZ, wrong).serving() as server:
        front_end = {"type": "rtl_tcp", "port": server.port, "rate_hz": RATE_HZ}
        failures: list[StreamFailed] = []
        with worker({"front_end": front_end}) as process:
            for event in events(process):
                if isinstance(event, StreamFailed):
                    failures.append(event)
                if len(failures) == 3:
                    break
        gaps_s = np.diff(server.connected_at)
    assert all(str(server.port) in failure.reason for failure in failures)
    delays = [failure.again_in_s or 0 for failure in failures]
    assert len(gaps_s) == 2
    # The stream itself lasts 0.8 s.
    assert all(gap_s > 0.8 + delay_s for gap_s, delay_s in zip(gaps_s, delays, strict=False))
    assert 0.25 <= delays[0] <= 0.5
    assert 1.0 <= delays[2] <= 2.0


def test_eight_bit_samples_are_heard_over_the_network() -> None:
    sensor = Device(
        device_id=0xABC, bit_rate=600, snr_db=25.0, interval_s=10.0, first_s=2.0, payload_bytes=4
    )
    air = Air([sensor], zone=RC1, rate_hz=RATE_HZ)
    with RtlTcpServer(RATE_HZ, source=air).serving() as server:
        front_end = {"type": "rtl_tcp", "port": server.port, "rate_hz": RATE_HZ}
        with worker({"front_end": front_end}) as process:
            stream = events(process)
            opened = next(stream)
            frame = next(event for event in stream if isinstance(event, FrameHeard))
    assert isinstance(opened, StreamOpened)
    assert not opened.simulated
    assert (frame.device_id, frame.rank) == ("00000abc", 1)
