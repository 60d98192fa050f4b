"""Full scale in dBm: from a board file, between its points, and never guessed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from radio.levels.calibration import (
    LARGEST_FILE_BYTES,
    Calibration,
    CalibrationError,
    Point,
    read_calibration,
)
from radio.levels.full_scale import full_scale_of
from radio.settings import WorkerSettings

BOARD = b"""
part = "a dongle"
[[point]]
gain_db = 29.7
full_scale_dbm = -41.0
[[point]]
gain_db = 19.7
full_scale_dbm = -31.0
"""


def settings(**fields: Any) -> WorkerSettings:  # noqa: ANN401
    given_fields = {"front_end": {"type": "rtl_tcp", "gain_db": 19.7}, **fields}
    return msgspec.convert(given_fields, WorkerSettings)


@pytest.mark.parametrize(
    ("gain_db", "dbm"),
    [(19.7, -31.0), (29.7, -41.0), (24.7, -36.0), (19.6, None), (29.8, None)],
)
def test_between_two_gains_it_is_a_straight_line_and_beyond_them_nothing(
    gain_db: float, dbm: float | None
) -> None:
    assert read_calibration(BOARD).full_scale_dbm(gain_db) == (
        None if dbm is None else pytest.approx(dbm)
    )


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "point"),
        (b"\xff", "not TOML"),
        (b"point = []", "Expected `array` of length >= 1"),
        (b"[[point]]\ngain_db = 1", "full_scale_dbm"),
        (b"[[point]]\ngain_db = 1\nfull_scale_dbm = 1000", "point[0].full_scale_dbm"),
        (b"[[point]]\ngain_db = 1\nfull_scale_dbm = nan", "full_scale_dbm"),
        (b"[[point]]\ngain_db = inf\nfull_scale_dbm = 1", "gain_db"),
        (BOARD + BOARD.replace(b'part = "a dongle"', b""), "same gain_db"),
        (BOARD + b"loudness = 3", "loudness"),
        (b"#" * (LARGEST_FILE_BYTES + 1), "larger than"),
    ],
)
def test_a_file_that_is_no_calibration_says_where(content: bytes, said: str) -> None:
    with pytest.raises(CalibrationError) as refused:
        read_calibration(content)
    assert said in str(refused.value)


@given(st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
def test_no_file_raises_anything_else(content: bytes) -> None:
    try:
        board = read_calibration(content)
    except CalibrationError:
        return
    assert board.range_db[0] <= board.range_db[1]


@given(
    st.dictionaries(st.floats(-30, 100), st.floats(-200, 100), min_size=1, max_size=8),
    st.floats(-40, 110),
)
def test_what_is_read_never_leaves_what_was_measured(
    measured: dict[float, float], gain_db: float
) -> None:
    board = Calibration([Point(gain_db=g, full_scale_dbm=f) for g, f in measured.items()])
    dbm = board.full_scale_dbm(gain_db)
    assert (dbm is None) == (not min(measured) <= gain_db <= max(measured))
    if dbm is not None:
        assert min(measured.values()) - 1e-6 <= dbm <= max(measured.values()) + 1e-6


def test_levels_are_unknown_until_calibrated_and_while_the_gain_is_automatic(
    tmp_path: Path,
) -> None:
    path = tmp_path / "board.toml"
    path.write_bytes(BOARD)
    known = full_scale_of(settings(calibration_path=str(path)))
    assert (known.dbm, known.unknown) == (-31.0, None)
    assert full_scale_of(settings(calibration_db=-20.0)).dbm == -20.0
    automatic = {"type": "rtl_tcp"}
    for fields, why in (
        ({}, "no calibration"),
        ({"calibration_db": -20.0, "front_end": automatic}, "automatic"),
        ({"calibration_path": str(path), "front_end": automatic}, "automatic"),
        ({"calibration_path": f"{path}.no"}, "No such file"),
        (
            {"calibration_path": str(path), "front_end": {**automatic, "gain_db": 40}},
            "19.7 to 29.7",
        ),
        ({"calibration_path": str(path), "front_end": {"type": "simulator"}}, "has no gain"),
    ):
        unknown = full_scale_of(settings(**fields))
        assert unknown.dbm is None
        assert why in (unknown.unknown or "")


def test_two_calibrations_at_once_are_refused() -> None:
    with pytest.raises(msgspec.ValidationError, match="not both"):
        settings(calibration_db=1.0, calibration_path="x")
