"""Which of the oldest records have to go so that the spool keeps inside its bounds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

CLOCK_FLOOR_MS: Final = 1_704_067_200_000
"""2024-01-01: a box without a clock boots in 1970; what it stamped then has no known age."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much the spool keeps.

    Attributes:
        max_bytes: Rows on disk.
        max_age_s: None: any age.
        memory_bytes: Rows in memory while the disk refuses.
    """

    max_bytes: int
    max_age_s: float | None
    memory_bytes: int


class Stored(NamedTuple):
    """What has to be known of a record to decide on it."""

    number: int
    kind: int
    put_ms: int
    size: int


def surplus(
    oldest: Sequence[Stored], total_bytes: int, bounds: Bounds, now_ms: int
) -> Sequence[Stored]:
    """The leading part of `oldest` (rising numbers) that is too much or too old."""
    for count, stored in enumerate(oldest):
        if total_bytes <= bounds.max_bytes and not _too_old(stored, bounds, now_ms):
            return oldest[:count]
        total_bytes -= stored.size
    return oldest


def _too_old(stored: Stored, bounds: Bounds, now_ms: int) -> bool:
    if bounds.max_age_s is None or stored.put_ms < CLOCK_FLOOR_MS:
        return False
    return now_ms - stored.put_ms > 1000 * bounds.max_age_s
