"""Everything that `nap status`, the console and the metrics show of a box."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import msgspec

from nap.balance import Balance
from nap.late.replay import LateStatus
from nap.radio_link import RadioStatus
from nap.relay.status import DestinationStatus
from nap.spool.status import SpoolStatus
from nap.whitelist.rules import Mode
from radio.stats import RadioStats

# At the usual level nearly all decode; of ten in good health three are lost once in ten thousand.
_ENOUGH_HEARTBEATS: Final = 10
_HEALTHY_SHARE: Final = 0.75


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
        late: Clips of the black box decoded again after an update.
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
    late: LateStatus
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
    found += _of_the_worker(radio.stats) if radio.stats else []
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


def _of_the_worker(stats: RadioStats) -> Iterator[str]:
    if stats.load > 1.0:
        yield f"the radio worker falls behind: load {stats.load:.2f}"
    beat = stats.heartbeat
    if beat and beat.injected_last_hour >= _ENOUGH_HEARTBEATS:
        heard, sent = beat.decoded_last_hour, beat.injected_last_hour
        if heard < _HEALTHY_SHARE * sent:
            yield f"the receiver is deaf: it decoded {heard} of its {sent} last heartbeats"
    if stats.black_box and stats.black_box.problem:
        yield f"no clips are kept: {stats.black_box.problem}"
    if stats.black_box and stats.black_box.too_short:
        yield stats.black_box.too_short


def _differences(balance: Balance) -> str:
    parts = {"before the spool": balance.unaccounted}
    parts |= {name: one.unaccounted for name, one in balance.destinations.items()}
    return ", ".join(f"{name} {count:+d}" for name, count in parts.items() if count)
