"""What the spool tells people about itself."""

from __future__ import annotations

import msgspec


class DestinationStatus(msgspec.Struct, frozen=True, kw_only=True):
    """The spool's side of one destination.

    Attributes:
        waiting_records: Still to take, uplinks and repetitions.
        waiting_uplinks: The uplinks among them.
        ended: Uplinks by how they ended: delivered, refused, expired, lost, skipped.
    """

    waiting_records: int
    waiting_uplinks: int
    ended: dict[str, int]


class SpoolStatus(msgspec.Struct, frozen=True, kw_only=True):
    """The spool at one moment.

    Attributes:
        epoch: 16 hex digits.
        head: Highest number given out.
        spooled: Uplinks ever put.
        durable: False while the disk refuses and messages are only in memory.
        refusal: What the disk said.
        records: On disk and in memory.
        held_records: Of these, not on disk yet.
        bytes: Room they take.
        max_bytes: Room there is.
        hours_left: Hours of outage that still fit at the present rate; None while nothing comes.
        set_aside: Names of damaged files kept.
    """

    epoch: str
    head: int
    spooled: int
    durable: bool
    refusal: str | None
    records: int
    held_records: int
    bytes: int
    max_bytes: int
    hours_left: float | None
    set_aside: list[str]
    destinations: dict[str, DestinationStatus]
