"""The status of a box that has heard nothing, with the radio that a test gives it."""

from __future__ import annotations

from nap.balance import Balance
from nap.late.replay import LateStatus
from nap.radio_link import RadioStatus
from nap.spool.status import SpoolStatus
from nap.status import DownlinkStatus, QuotaStatus, Status, WhitelistStatus
from nap.whitelist.rules import Mode

SPOOL = SpoolStatus(
    epoch="0" * 16, head=0, spooled=0, durable=True, refusal=None, records=0, held_records=0,
    bytes=0, max_bytes=1, hours_left=None, set_aside=[], destinations={},
)  # fmt: skip


def a_status(radio: RadioStatus, late: LateStatus) -> Status:
    return Status(
        nap_id="nap-1", model="NAP3", version="1", started_utc="2026-11-21T00:00:00Z", radio=radio,
        whitelist=WhitelistStatus(mode=Mode.OFF, allow=0, deny=0, would_drop=0),
        quota=QuotaStatus(used_today=0, per_day=None), spool=SPOOL,
        downlinks=DownlinkStatus(transmits=None, open=0, ended={}), destinations=[], late=late,
        balance=Balance(heard=0, in_hand=0, unaccounted=0, destinations={}),
        forgotten_messages=0, services_down={}, alarms=[],
    )  # fmt: skip
