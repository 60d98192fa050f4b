"""Times as text: ISO 8601, UTC, microseconds, `Z` at the end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


def iso_utc(instant: datetime) -> str:
    """Write an aware `instant`."""
    return instant.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def parse_iso_utc(text: str) -> datetime:
    """Read an ISO 8601 time; one without a zone counts as UTC.

    Raises:
        ValueError: it is none, or out of the years 1 to 9999.
    """
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        instant = instant.replace(tzinfo=UTC)
    try:
        return instant.astimezone(UTC)
    except OverflowError as error:
        raise ValueError(str(error)) from error


def later(text: str, seconds: float) -> str:
    """The time `seconds` after the one in `text`.

    Raises:
        ValueError: it leaves the years 1 to 9999.
    """
    try:
        return iso_utc(parse_iso_utc(text) + timedelta(seconds=seconds))
    except OverflowError as error:
        raise ValueError(str(error)) from error
