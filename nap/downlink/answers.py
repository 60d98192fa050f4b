"""What the cloud is told of a command."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from nap.downlink.book import Account
from nap.downlink.state import State
from nap.wire.messages import DownlinkReply, DownlinkState

_DETAIL_LIMIT: Final = 200
_TOLD: Final[dict[State, DownlinkState]] = {
    State.ACCEPTED: "accepted",
    State.SENT: "sent",
    State.CONFIRMED: "confirmed",
    State.UNCONFIRMED: "unconfirmed",
    State.REFUSED: "refused",
}
"""What the cloud is told of; that the radio was asked is none of its business."""


def answer_to(account: Account, *, simulated: bool) -> DownlinkReply | None:
    """Where the command of `account` is; None while there is nothing to tell."""
    told = _TOLD.get(account.state)
    if told is None:
        return None
    planned, sent, confirmation = account.planned, account.sent, account.confirmation
    last = sent or planned
    return DownlinkReply(
        id=account.command.id,
        state=told,
        at_utc=_now_utc(),
        reason=account.reason,
        detail=account.detail and account.detail[:_DETAIL_LIMIT],
        frequency_hz=None if last is None else last.frequency_hz,
        starts_in_s=planned.in_s if planned is not None and told == "accepted" else None,
        late_s=None if sent is None else sent.late_s,
        airtime_left_s=None if sent is None else sent.airtime_left_s,
        confirmation_seq_number=None if confirmation is None else confirmation.seq_number,
        device_rssi_dbm=account.device_rssi_dbm,
        simulated=simulated,
    )


def misread(command_id: str, problem: str) -> DownlinkReply:
    """A command with this id came and cannot be read."""
    return DownlinkReply(
        id=command_id,
        state="refused",
        at_utc=_now_utc(),
        reason="malformed",
        detail=problem[:_DETAIL_LIMIT],
    )


def _now_utc() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
