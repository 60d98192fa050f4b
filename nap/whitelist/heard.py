"""Which devices were heard on which day, bounded, to tell what other rules would have lost."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from nap.whitelist.rules import Judge

_log = logging.getLogger(__name__)

DAYS_KEPT: Final = 8
"""Today and the seven before it. Counted in days recorded, not by date: the clock may jump."""
DEVICES_A_DAY: Final = 5000
"""Ten times what one station hears in a crowded place; forged ids beyond it are only counted."""
_SHOWN: Final = 100


class Day(msgspec.Struct):
    """One day: messages by device, and those of devices that no longer fitted."""

    date: str
    messages: dict[str, int] = {}
    unrecorded: int = 0


class DayLoss(msgspec.Struct, frozen=True, kw_only=True):
    """What rules would have dropped on a day."""

    date: str
    messages: int
    lost_messages: int
    devices: int
    lost_devices: int


class Loss(msgspec.Struct, frozen=True, kw_only=True):
    """What rules would have dropped.

    Attributes:
        devices: Those with most messages lost, at most a hundred, with their count.
        unrecorded: Messages of devices that no longer fitted the record; their fate is unknown.
    """

    days: list[DayLoss]
    lost_messages: int
    lost_devices: int
    devices: dict[str, int]
    unrecorded: int


class HeardDevices(msgspec.Struct):
    """The record. Its size is bounded: so many days of so many devices."""

    days: Annotated[list[Day], Meta(max_length=DAYS_KEPT)] = []

    def note(self, device_id: str, date: str) -> None:
        """A message of a device was heard on a day (ISO date)."""
        if not self.days or self.days[-1].date != date:
            self.days = [*self.days, Day(date)][-DAYS_KEPT:]
        today = self.days[-1]
        if device_id in today.messages or len(today.messages) < DEVICES_A_DAY:
            today.messages[device_id] = today.messages.get(device_id, 0) + 1
        else:
            today.unrecorded += 1

    def copy(self) -> HeardDevices:
        """The record as it is now, for another thread."""
        return HeardDevices(
            [Day(day.date, dict(day.messages), day.unrecorded) for day in self.days]
        )


def loss_under(judge: Judge, heard: HeardDevices) -> Loss:
    """What the rules would have dropped of what was heard."""
    lost: dict[str, int] = {}
    days = [_day_loss(judge, day, lost) for day in heard.days]
    worst = sorted(lost.items(), key=lambda item: (-item[1], item[0]))[:_SHOWN]
    return Loss(
        days=days,
        lost_messages=sum(lost.values()),
        lost_devices=len(lost),
        devices=dict(worst),
        unrecorded=sum(day.unrecorded for day in heard.days),
    )


def _day_loss(judge: Judge, day: Day, lost: dict[str, int]) -> DayLoss:
    dropped = {
        device: count for device, count in day.messages.items() if not judge.judge(device).passes
    }
    for device, count in dropped.items():
        lost[device] = lost.get(device, 0) + count
    return DayLoss(
        date=day.date,
        messages=sum(day.messages.values()) + day.unrecorded,
        lost_messages=sum(dropped.values()),
        devices=len(day.messages),
        lost_devices=len(dropped),
    )


def read_heard(path: Path) -> HeardDevices:
    """The record kept last; a file that cannot be read costs only the record."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=HeardDevices)
    except FileNotFoundError:
        return HeardDevices()
    except (OSError, msgspec.DecodeError) as error:
        _log.warning("record of heard devices begins anew: %s: %s", path, error)
        return HeardDevices()
