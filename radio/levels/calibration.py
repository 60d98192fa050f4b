"""The calibration of a board: dBm of a full-scale sine at the antenna, for each gain setting.

    part = "RTL-SDR Blog V3"           # for people; may be left out

    [[point]]
    gain_db = 19.7
    full_scale_dbm = -31.4

    [[point]]
    gain_db = 29.7
    full_scale_dbm = -41.6

Between two gains the value is taken from the straight line through both; beyond the outermost ones
nothing is known.
"""

from __future__ import annotations

import tomllib
from bisect import bisect_left
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct

LARGEST_FILE_BYTES: Final = 65_536
_MOST_POINTS: Final = 200


class CalibrationError(ValueError):
    """The text is no calibration; the message says which place is wrong."""


class Point(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One measurement."""

    gain_db: Annotated[float, Meta(ge=-30, le=100)]
    full_scale_dbm: Annotated[float, Meta(ge=-200, le=100)]


class _Board(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    point: Annotated[list[Point], Meta(min_length=1, max_length=_MOST_POINTS)]
    part: Annotated[str, Meta(max_length=200)] | None = None


class Calibration:
    """What full scale means at each gain."""

    def __init__(self, points: list[Point]) -> None:
        """Take measurements in any order.

        Raises:
            CalibrationError: two of them are of the same gain.
        """
        self._points = sorted(points, key=lambda point: point.gain_db)
        gains = [point.gain_db for point in self._points]
        if len(set(gains)) < len(gains):
            raise CalibrationError("two points have the same gain_db; keep one of them")
        self._gains = gains

    @property
    def range_db(self) -> tuple[float, float]:
        """Lowest and highest gain that was measured."""
        return self._gains[0], self._gains[-1]

    def full_scale_dbm(self, gain_db: float) -> float | None:
        """DBm of a full-scale sine at this gain; None outside of what was measured."""
        lowest, highest = self.range_db
        if not lowest <= gain_db <= highest:
            return None
        place = bisect_left(self._gains, gain_db)
        above = self._points[place]
        if above.gain_db == gain_db:
            return above.full_scale_dbm
        below = self._points[place - 1]
        share = (gain_db - below.gain_db) / (above.gain_db - below.gain_db)
        return below.full_scale_dbm + share * (above.full_scale_dbm - below.full_scale_dbm)


def read_calibration(content: bytes) -> Calibration:
    """Read the content of a board file.

    Raises:
        CalibrationError: it is too long, not TOML, or not a calibration.
    """
    if len(content) > LARGEST_FILE_BYTES:
        msg = f"larger than {LARGEST_FILE_BYTES} bytes"
        raise CalibrationError(msg)
    try:
        board = msgspec.convert(tomllib.loads(content.decode()), _Board)
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        msg = f"not TOML: {error}"
        raise CalibrationError(msg) from error
    except msgspec.ValidationError as error:
        raise CalibrationError(str(error)) from error
    return Calibration(board.point)
