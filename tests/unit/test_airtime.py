"""The ledger of airtime: never more than the rules allow in any hour, over restarts and damage."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from radio.airtime_file import AirtimeFile
from radio.downlink.airtime import AirtimeLedger
from radio.downlink.regulation import PERIOD_S, RULES
from radio.downlink.window import AIRTIME_S

RULE = RULES["RC1"]


@given(st.lists(st.floats(0, 120), min_size=1, max_size=300), st.floats(0.1, 20))
def test_no_hour_ever_holds_more_than_a_tenth(pauses_s: list[float], airtime_s: float) -> None:
    ledger, now = AirtimeLedger(), 1_000.0
    sent: list[tuple[float, float]] = []
    for pause_s in pauses_s:
        now += pause_s
        if ledger.left_s("RC1", RULE, now) >= airtime_s:
            ledger.book("RC1", now, airtime_s)
            sent.append((now, now + airtime_s))
            now += airtime_s
    for _, hour_ends in sent:
        in_hour = [one for one in sent if one[0] >= hour_ends - PERIOD_S and one[1] <= hour_ends]
        assert sum(end - begin for begin, end in in_hour) <= 360.0 + 1e-6


def test_airtime_comes_back_after_an_hour_and_not_before() -> None:
    ledger = AirtimeLedger()
    ledger.book("RC1", 100.0, 360.0)
    assert ledger.left_s("RC1", RULE, 460.0) == 0.0
    assert ledger.left_s("RC1", RULE, 460.0 + PERIOD_S - 0.1) == 0.0
    assert ledger.left_s("RC1", RULE, 460.0 + PERIOD_S) == 360.0
    assert ledger.left_s("RC7", RULES["RC7"], 460.0) == 360.0


def test_what_is_booked_together_leaves_with_its_last() -> None:
    ledger = AirtimeLedger()
    ledger.book("RC1", 0.0, 10.0)
    ledger.book("RC1", 50.0, 10.0)
    assert ledger.left_s("RC1", RULE, 59.9 + PERIOD_S) == 340.0
    assert ledger.left_s("RC1", RULE, 60.1 + PERIOD_S) == 360.0


def test_a_busy_day_takes_little_memory() -> None:
    ledger, now, sent = AirtimeLedger(), 0.0, 0
    while now < 86_400:
        now += 2.0
        if ledger.left_s("RC1", RULE, now) >= AIRTIME_S:
            ledger.book("RC1", now, AIRTIME_S)
            sent += 1
    assert sent > 0.9 * 24 * 360 / AIRTIME_S
    assert len(ledger.spent(now)["RC1"]) <= 62


def file_in(folder: Path, boot: str = "boot-1") -> AirtimeFile:
    (folder / "boot_id").write_text(boot + "\n")
    return AirtimeFile(folder / "airtime", folder / "boot_id")


def used(folder: Path, airtime_s: float, at: float) -> None:
    file = file_in(folder)
    ledger = file.load(at)
    ledger.book("RC1", at, airtime_s)
    file.write(file.content(ledger, at))


def test_a_new_box_has_all_its_airtime(tmp_path: Path) -> None:
    assert file_in(tmp_path).load(5.0).left_s("RC1", RULE, 5.0) == 360.0


def test_a_restart_forgets_nothing_and_goes_on_counting(tmp_path: Path) -> None:
    used(tmp_path, 100.0, at=1_000.0)
    ledger = file_in(tmp_path).load(2_000.0)
    assert ledger.left_s("RC1", RULE, 2_000.0) == 260.0
    assert ledger.left_s("RC1", RULE, 1_100.0 + PERIOD_S) == 360.0


@pytest.mark.parametrize(("boot", "now"), [("boot-2", 10.0), ("boot-2", 9e6), ("", 10.0)])
def test_after_a_reboot_no_time_has_passed(tmp_path: Path, boot: str, now: float) -> None:
    used(tmp_path, 100.0, at=1_000.0)
    ledger = file_in(tmp_path, boot).load(now)
    assert ledger.left_s("RC1", RULE, now) == 260.0
    assert ledger.left_s("RC1", RULE, now + 99.9 + PERIOD_S) == 260.0
    assert ledger.last_ended("RC1") == pytest.approx(now + 100.0)
    assert ledger.left_s("RC1", RULE, now + 100.1 + PERIOD_S) == 360.0


def test_the_wall_clock_has_no_say(tmp_path: Path) -> None:
    used(tmp_path, 360.0, at=1_000.0)
    os.utime(tmp_path / "airtime", (0, 0))
    assert file_in(tmp_path).load(1_500.0).left_s("RC1", RULE, 1_500.0) == 0.0


@given(st.data())
def test_a_damaged_file_costs_an_hour_and_no_more(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("airtime")
    used(folder, 1.0, at=1_000.0)
    path = folder / "airtime"
    text = bytearray(path.read_bytes())
    match data.draw(st.sampled_from(["flip", "cut", "replace"])):
        case "flip":
            at = data.draw(st.integers(0, 8 * len(text) - 1))
            text[at // 8] ^= 1 << at % 8
        case "cut":
            text = text[: data.draw(st.integers(0, len(text) - 2))]
        case _:
            text = bytearray(data.draw(st.binary(max_size=200)))
    path.write_bytes(text)
    for now in (2_000.0, 2_001.0):  # the restart does not begin the hour anew
        ledger = file_in(folder).load(now)
        for zone, rule in RULES.items():
            assert ledger.left_s(zone, rule, 1_999.9 + PERIOD_S) == 0.0
        for zone, rule in RULES.items():
            assert ledger.left_s(zone, rule, 2_000.1 + PERIOD_S) == rule.airtime_s


@pytest.mark.parametrize("content", [b"x" * 200_000, b"8bdd44ae " + b"[" * 90_000, b"\0" * 50])
def test_hostile_files_are_only_damage(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "airtime").write_bytes(content)
    assert file_in(tmp_path).load(0.0).left_s("RC1", RULE, 0.0) == 0.0


def test_what_cannot_be_read_is_taken_as_used(tmp_path: Path) -> None:
    (tmp_path / "airtime").mkdir()
    ledger = file_in(tmp_path).load(7.0)
    assert ledger.left_s("RC1", RULE, 7.0) == 0.0


def test_what_cannot_be_written_is_told_and_the_old_file_stays(tmp_path: Path) -> None:
    used(tmp_path, 100.0, at=1_000.0)
    before = (tmp_path / "airtime").read_bytes()
    (tmp_path / "airtime.new").mkdir()
    file = file_in(tmp_path)
    with pytest.raises(OSError, match=r"airtime\.new"):
        file.write(file.content(AirtimeLedger(), 1.0))
    assert (tmp_path / "airtime").read_bytes() == before
