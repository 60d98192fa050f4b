"""What status, its page and the metrics say of levels, heartbeats and clips."""

from __future__ import annotations

import msgspec
import pytest

from nap.api.metrics import exposition
from nap.balance import Balance
from nap.cli.radio_facts import radio_facts
from nap.late.replay import LateStatus
from nap.levels import LevelHistory
from nap.radio_link import RadioStatus
from nap.status import alarms_of
from radio.events import LevelsMeasured
from radio.stats import BlackBoxStats, HeartbeatStats, OscillatorStats, PpmEstimate, RadioStats
from tests.simulators.status import SPOOL, a_status

STATS = RadioStats(
    frames=0, frames_lost=0, samples=0, samples_lost=0, samples_blanked=0, candidates=0, bursts=0,
    rejected={}, load=0.1,
    noise_dbfs_per_hz=-90.0, uncalibrated="no calibration is set",
    oscillator=OscillatorStats(
        ppm=1.234, uncertainty_ppm=0.3, source="sample_clock", certain=True,
        reference_devices=None, clock_disciplined=True,
        sample_clock=PpmEstimate(ppm=1.234, uncertainty_ppm=0.3, count=100),
    ),
    black_box=BlackBoxStats(
        clips=3, bytes=9_000_000, max_bytes=64_000_000, ring_s=20.0, kept=3, passed_over=0,
        removed=0, failed=0, problem=None,
    ),
)  # fmt: skip


def heartbeats(injected: int, decoded: int) -> HeartbeatStats:
    return HeartbeatStats(
        snr_db=8.0, injected=injected, decoded=decoded, injected_last_hour=injected,
        decoded_last_hour=decoded,
    )  # fmt: skip


def radio(stats: RadioStats) -> RadioStatus:
    history = LevelHistory()
    measured = LevelsMeasured(
        seconds=600.0, khz=[868_100, 868_101], noise_dbfs_per_hz=[-90.0, -89.0], busy=[0.0, 0.02],
        frames=9, common_drift_hz_per_s=0.4, usual_drift_hz_per_s=8.0,
    )  # fmt: skip
    history.add(measured, stats.full_scale_dbm, 0.0)
    return RadioStatus(
        state="receiving", part="a part", simulated=False, rate_hz=250e3, center_hz=868.13e6,
        problem=None, stats=stats, restarts=0, zones=["RC1"], levels=history.day(),
    )  # fmt: skip


def alarms(stats: RadioStats) -> list[str]:
    books = Balance(heard=0, in_hand=0, unaccounted=0, destinations={})
    return alarms_of(radio(stats), SPOOL, books, [])


@pytest.mark.parametrize(
    ("injected", "decoded", "deaf"),
    [
        (60, 60, False),
        (60, 46, False),
        (60, 44, True),
        (10, 7, True),
        (9, 0, False),
    ],
)
def test_a_receiver_that_misses_its_heartbeats_is_an_alarm(
    injected: int, decoded: int, *, deaf: bool
) -> None:
    found = alarms(msgspec.structs.replace(STATS, heartbeat=heartbeats(injected, decoded)))
    assert any("deaf" in alarm for alarm in found) == deaf


def test_clips_that_cannot_be_written_are_an_alarm() -> None:
    assert STATS.black_box is not None
    full = msgspec.structs.replace(STATS.black_box, problem="/x: No space left on device")
    (alarm,) = alarms(msgspec.structs.replace(STATS, black_box=full))
    assert alarm == "no clips are kept: /x: No space left on device"


def test_memory_too_short_for_bursts_is_an_alarm_and_what_it_costs_is_shown() -> None:
    assert STATS.black_box is not None
    short = msgspec.structs.replace(STATS.black_box, too_short="set more", passed_over=7)
    stats = msgspec.structs.replace(STATS, black_box=short)
    assert alarms(stats) == ["set more"]
    line = dict(radio_facts(radio(stats)))["black box"]
    assert line.endswith("the last 20 s in memory; 7 bursts got none")


def test_the_page_has_a_line_for_each() -> None:
    stats = msgspec.structs.replace(STATS, heartbeat=heartbeats(60, 59))
    page = dict(radio_facts(radio(stats)))
    assert page == {
        "air": "noise -89.5 dBFS/Hz over 0.2 h; busy 1.00 %, now 1.00 %, most 2.0 % at "
        "868.101 MHz; frames drift +0.4 ± 8.0 Hz/s",
        "search": "0 candidates, 0 bursts, 0 frames; 0 samples (0 %) cut out as impulses",
        "levels": "no dBm: no calibration is set",
        "heartbeat": "59 of 60 decoded in the last hour, at 8 dB",
        "oscillator": "+1.23 ± 0.30 ppm, from sample clock",
        "black box": "3 clips, 9.0 of 64 MB; the last 20 s in memory",
    }


def test_an_uncertain_oscillator_says_so() -> None:
    assert STATS.oscillator is not None
    vague = msgspec.structs.replace(STATS.oscillator, uncertainty_ppm=4.0, certain=False)
    unknown = msgspec.structs.replace(vague, ppm=None, uncertainty_ppm=None, source=None)
    lines = [
        dict(radio_facts(radio(msgspec.structs.replace(STATS, oscillator=one))))["oscillator"]
        for one in (vague, unknown)
    ]
    assert lines[0].endswith("from sample clock, too uncertain to correct by")
    assert lines[1] == "error unknown yet; the system's clock is disciplined"


def test_what_the_receiver_searched_and_cut_out_is_shown() -> None:
    busy = msgspec.structs.replace(
        STATS, samples=1_000_000, samples_blanked=250, candidates=90, bursts=40, frames=31
    )
    line = dict(radio_facts(radio(busy)))["search"]
    assert line == (
        "90 candidates, 40 bursts, 31 frames; 250 samples (0.025 %) cut out as impulses"
    )
    metrics = exposition(a_status(radio(busy), LateStatus(waiting=0, tried=0, messages=0)))
    assert {
        "nap_radio_candidates_total 90",
        "nap_radio_bursts_total 40",
        "nap_radio_samples_blanked_total 250",
    } <= set(metrics.splitlines())


def test_metrics_have_them_too() -> None:
    calibrated = msgspec.structs.replace(
        STATS, heartbeat=heartbeats(50, 40), full_scale_dbm=-30.0, uncalibrated=None
    )
    late = LateStatus(waiting=0, tried=2, messages=5)
    text = exposition(a_status(radio(calibrated), late))
    lines = set(text.splitlines())
    assert {
        "nap_heartbeat_rate 0.8",
        "nap_heartbeats_total 50",
        "nap_oscillator_ppm 1.234",
        "nap_radio_full_scale_dbm -30.0",
        'nap_radio_noise_of_khz_dbfs_per_hz{khz="868101"} -89.0',
        'nap_radio_busy_of_khz_share{khz="868101"} 0.02',
        "nap_clips 3",
        "nap_late_messages_total 5",
    } <= lines
    assert "None" not in text
