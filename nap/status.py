"""Everything that `nap status`, the console and the metrics show of a box."""

from __future__ import annotations

import msgspec

from nap.balance import Balance
from nap.radio_link import RadioStatus
from nap.relay.status import DestinationStatus
from nap.spool.status import SpoolStatus
from nap.whitelist.rules import Mode


class WhitelistStatus(msgspec.Struct, frozen=True, kw_only=True):
    """The whitelist in numbers.

    Attributes:
        would_drop: Messages since the start that `enforce` would have dropped.
    """

    mode: Mode
    allow: int
    deny: int
    would_drop: int


class QuotaStatus(msgspec.Struct, frozen=True, kw_only=True):
    """Messages relayed today, and how many may be; None: any number."""

    used_today: int
    per_day: int | None


class DownlinkStatus(msgspec.Struct, frozen=True, kw_only=True):
    """Downlinks since the start.

    Attributes:
        transmits: Operating state that the radio was started with; None: it has no transmitter.
        open: Commands that are not at their end.
        ended: Commands by how they ended: confirmed, unconfirmed, or the reason of a refusal.
    """

    transmits: str | None
    open: int
    ended: dict[str, int]


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """A box at one moment.

    Attributes:
        forgotten_messages: Given up early by the combiner in a flood of ids.
        services_down: Services that failed and wait to be started again, with the reason.
        alarms: What somebody has to look at, in sentences.
    """

    nap_id: str
    model: str
    version: str
    started_utc: str
    radio: RadioStatus
    whitelist: WhitelistStatus
    quota: QuotaStatus
    spool: SpoolStatus
    downlinks: DownlinkStatus
    destinations: list[DestinationStatus]
    balance: Balance
    forgotten_messages: int
    services_down: dict[str, str]
    alarms: list[str]


def alarms_of(
    radio: RadioStatus,
    spool: SpoolStatus,
    balance: Balance,
    destinations: list[DestinationStatus],
) -> list[str]:
    """What somebody has to look at."""
    found: list[str] = []
    if radio.state == "failed":
        found.append(f"no reception: {radio.problem}")
    if radio.stats and radio.stats.load > 1.0:
        found.append(f"the radio worker falls behind: load {radio.stats.load:.2f}")
    if not spool.durable:
        found.append(
            f"messages are only in memory ({spool.held_records}): the disk refuses: {spool.refusal}"
        )
    if spool.set_aside:
        found.append(f"damaged spool files to look at and remove: {', '.join(spool.set_aside)}")
    if not balance.adds_up:
        found.append(f"the ledger does not add up: {_differences(balance)}")
    found += [
        f"{one.name}: {one.last_failure.text}"
        for one in destinations
        if one.last_failure and not one.connected
    ]
    return found


def _differences(balance: Balance) -> str:
    parts = {"before the spool": balance.unaccounted}
    parts |= {name: one.unaccounted for name, one in balance.destinations.items()}
    return ", ".join(f"{name} {count:+d}" for name, count in parts.items() if count)
