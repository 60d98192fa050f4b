"""The two lanes to a destination and their limits."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Lane(enum.Enum):
    """Which of the two queues a record stands in."""

    LIVE = enum.auto()
    BACKLOG = enum.auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much and how fast.

    Attributes:
        in_flight: Sent and not yet acknowledged by the broker.
        live_reserve: Share of the limits that the backlog may not use.
        drain_per_s: Backlog records per second.
        unconfirmed: Under way at all, at the broker and beyond.
        confirm_within_s: After this time an unconfirmed record is sent again.
        progress_within_s: After this time without any record settled the connection is useless.
    """

    in_flight: int
    live_reserve: float
    drain_per_s: float
    unconfirmed: int
    confirm_within_s: float
    progress_within_s: float


@dataclass(frozen=True, slots=True)
class Want:
    """Records to fetch from the spool: up to `limit` of those in (after, through]."""

    lane: Lane
    after: int
    through: int
    limit: int
