"""What a web server's status code means for the records in a request. Pure."""

from __future__ import annotations

import enum
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Final

# A server may ask for more; a day would look like a dead destination.
LONGEST_PAUSE_S: Final = 3600.0


class Answer(enum.Enum):
    """What to do with the records of a request."""

    TAKEN = enum.auto()
    """They are the server's now."""
    WRONG = enum.auto()
    """The server will never take these records (or, of several, one of them)."""
    LATER = enum.auto()
    """The server cannot now: the same again after a while."""
    MISCONFIGURED = enum.auto()
    """The server would say the same to any record: address, token or certificate are wrong."""


# 4xx that say nothing about the record. Giving records up for them would lose everything over a
# mistyped address or an expired token.
_ABOUT_US: Final = frozenset({401, 402, 403, 404, 405, 406, 407, 410, 411, 415, 421, 426, 451})
# Request Timeout, Too Early, Too Many Requests: RFC 9110 15.5.9, RFC 8470 5.2, RFC 6585 4.
_ABOUT_TIME: Final = frozenset({408, 425, 429})


def judge(status: int) -> Answer:
    """What `status` means."""
    if 200 <= status < 300:  # noqa: PLR2004 - RFC 9110 section 15.3
        return Answer.TAKEN
    if status in _ABOUT_TIME or status >= 500:  # noqa: PLR2004 - RFC 9110 section 15.6
        return Answer.LATER
    # A redirect is not followed: a token must not go to an address that nobody configured.
    if status in _ABOUT_US or status < 400:  # noqa: PLR2004 - RFC 9110 section 15.5
        return Answer.MISCONFIGURED
    return Answer.WRONG


def retry_after_s(value: str | None, now_utc: datetime) -> float:
    """Seconds that a Retry-After header asks for; 0 when it is absent or not understood.

    Source:
        RFC 9110 section 10.2.3: seconds or a date.
    """
    if value is None:
        return 0.0
    text = value.strip()
    if text.isascii() and text.isdigit():
        # More digits than any pause has could only be an attack on the conversion.
        return min(float(text[:9]), LONGEST_PAUSE_S)
    try:
        wait_s = (parsedate_to_datetime(text) - now_utc).total_seconds()
    except (ValueError, TypeError, OverflowError):
        return 0.0
    return min(max(0.0, wait_s), LONGEST_PAUSE_S)
