"""What full scale means for a front end as it is set; and if that is not known, why."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from radio.levels.calibration import LARGEST_FILE_BYTES, CalibrationError, read_calibration
from radio.settings import RtlTcpSettings, SoapySettings, WorkerSettings


@dataclass(frozen=True, slots=True)
class FullScale:
    """Dbm of a full-scale sine at the antenna.

    Attributes:
        dbm: None while it is not known; then `unknown` says why.
    """

    dbm: float | None
    unknown: str | None = None


def full_scale_of(settings: WorkerSettings) -> FullScale:
    """Find it for these settings; a file that cannot be used is a reason, not an error.

    Receiving goes on without levels: a wrong file must not make a box deaf.
    """
    if settings.calibration_db is None and settings.calibration_path is None:
        return FullScale(None, "no calibration is set")
    front_end = settings.front_end
    if not isinstance(front_end, RtlTcpSettings | SoapySettings):
        unknown = None if settings.calibration_path is None else "this front end has no gain"
        return FullScale(settings.calibration_db, unknown)
    if front_end.gain_db is None:
        return FullScale(None, "the gain is automatic; set gain_db")
    if settings.calibration_path is None:
        return FullScale(settings.calibration_db)
    return _from_file(Path(settings.calibration_path), front_end.gain_db)


def _from_file(path: Path, gain_db: float) -> FullScale:
    try:
        with path.open("rb") as file:
            calibration = read_calibration(file.read(LARGEST_FILE_BYTES + 1))
    except OSError as error:
        return FullScale(None, f"{path}: {error.strerror}")
    except CalibrationError as error:
        return FullScale(None, f"{path}: {error}")
    dbm = calibration.full_scale_dbm(gain_db)
    if dbm is None:
        lowest, highest = calibration.range_db
        return FullScale(
            None, f"{path}: gain_db {gain_db:g} is not within {lowest:g} to {highest:g}"
        )
    return FullScale(dbm)
