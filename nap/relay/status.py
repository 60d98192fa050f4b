"""What people, console and fleet management are told about a destination."""

from __future__ import annotations

import msgspec


class LinkFailure(msgspec.Struct, frozen=True, kw_only=True):
    """Why the last connection failed or ended.

    Attributes:
        cause: Stable key, see `nap.wire.errors.Cause`.
    """

    cause: str
    text: str
    at_utc: str


class Counters(msgspec.Struct, kw_only=True):
    """Since the program started.

    Attributes:
        sent: Records handed over, repetitions included.
        repeated: Of these, those sent before.
        delivered: Records confirmed.
        refused: Records that the destination will never take.
        postponed: Times a record was not taken at once.
        sessions: Connections made.
        failures: Connections that failed or ended.
    """

    sent: int = 0
    repeated: int = 0
    delivered: int = 0
    refused: int = 0
    postponed: int = 0
    sessions: int = 0
    failures: int = 0


class DestinationStatus(msgspec.Struct, frozen=True, kw_only=True):
    """One destination now.

    Attributes:
        since_utc: Since when it has been connected, or not.
        next_attempt_in_s: While not connected; None while an attempt is under way.
        in_flight: Sent and not acknowledged by broker or server.
        unconfirmed: Sent and not confirmed end to end, those in flight included.
        waiting: Records in the spool that it still has to take, those under way included.
        oldest_age_s: Age of the oldest of them; None when nothing waits.
        last_refusal: The reason of the last refusal.
    """

    name: str
    kind: str
    address: str
    connected: bool
    since_utc: str
    next_attempt_in_s: float | None
    last_failure: LinkFailure | None
    in_flight: int
    unconfirmed: int
    waiting: int
    oldest_age_s: float | None
    last_refusal: str | None
    counters: Counters
