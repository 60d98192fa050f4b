"""What became of every downlink command. No I/O; time is an argument (monotonic seconds)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Final

from nap.downlink.confirmation import CONFIRMATION, confirms, device_rssi_dbm
from nap.downlink.state import Event, State, step
from radio.commands import Transmit
from radio.events import (
    DownlinkEvent,
    DownlinkPlanned,
    DownlinkRefused,
    DownlinkSent,
    FrameHeard,
)

ANSWER_WITHIN_S: Final = 10.0
"""The radio says at once whether it has a place."""
SEND_WITHIN_S: Final = 60.0
"""No window is longer from its request to its end."""
CONFIRM_WITHIN_S: Final = 12.0
"""4 s of waiting, 1.8 s of frame, and what decoding takes."""
CAPACITY: Final = 2_000
"""Commands remembered, so that none is executed twice."""
_END_STATES: Final = {State.CONFIRMED, State.UNCONFIRMED, State.REFUSED}
RADIO_LOST: Final = "radio_lost"


@dataclass(frozen=True, slots=True)
class Account:
    """One command and where it is.

    Attributes:
        command: As the radio got it.
        line: Over which connection it came; there the answers go.
        state: Of its life.
        due_at: When its time is up.
        reason: Key of a refusal.
        detail: For people.
        planned: The newest plan.
        sent: The newest transmission.
        ended_s: End of each transmission, on the time axis of the received stream.
        confirmation: The uplink that confirmed it.
    """

    command: Transmit
    line: str
    state: State
    due_at: float
    reason: str | None = None
    detail: str | None = None
    planned: DownlinkPlanned | None = None
    sent: DownlinkSent | None = None
    ended_s: tuple[float, ...] = field(default=())
    confirmation: FrameHeard | None = None

    @property
    def device_rssi_dbm(self) -> float | None:
        """As the device heard it, once it has confirmed."""
        return None if self.confirmation is None else device_rssi_dbm(self.confirmation)


class Book:
    """Accounts by command id; each change is given to `changed`.

    Attributes:
        counts: Commands by the state or refusal in which they ended.
    """

    def __init__(self, changed: Callable[[Account], None], *, capacity: int = CAPACITY) -> None:
        self._changed, self._capacity = changed, capacity
        self._accounts: dict[str, Account] = {}
        self.counts: dict[str, int] = {}

    @property
    def open(self) -> int:
        """Commands that are not at their end."""
        return sum(one.state not in _END_STATES for one in self._accounts.values())

    def known(self, command_id: str) -> Account | None:
        """The account of a command that came before."""
        return self._accounts.get(command_id)

    def enter(self, command: Transmit, line: str, now: float) -> None:
        """A new command goes to the radio."""
        account = Account(command, line, State.HANDED, now + ANSWER_WITHIN_S)
        self._accounts[command.id] = account
        if len(self._accounts) > self._capacity:
            del self._accounts[next(iter(self._accounts))]

    def refuse(self, command_id: str, reason: str, detail: str) -> None:
        """A command ends before the radio saw it."""
        self._step(command_id, Event.REFUSED, reason=reason, detail=detail)

    def radio_said(self, event: DownlinkEvent, now: float) -> None:
        """The radio tells of a command; of one that is not ours nothing is known."""
        match event:
            case DownlinkPlanned():
                due_at = now + SEND_WITHIN_S
                self._step(event.id, Event.PLANNED, planned=event, due_at=due_at)
            case DownlinkRefused():
                self._step(event.id, Event.REFUSED, reason=event.reason, detail=event.detail)
            case DownlinkSent():
                self._sent(event, now)

    def heard(self, frame: FrameHeard) -> None:
        """An uplink came; it may confirm something."""
        if frame.message_type != CONFIRMATION:
            return
        for account in list(self._accounts.values()):
            uplink = account.command.device_id, account.command.seq_number
            if any(confirms(frame, *uplink, ended_s) for ended_s in account.ended_s):
                self._step(account.command.id, Event.CONFIRMATION, confirmation=frame)

    def radio_lost(self) -> None:
        """Worker or stream ended: its plans are gone, and its time axis with them."""
        for account in list(self._accounts.values()):
            detail = "the receiver was lost meanwhile"
            self._step(account.command.id, Event.RADIO_LOST, reason=RADIO_LOST, detail=detail)
            if (left := self._accounts.get(account.command.id)) is not None:
                self._accounts[account.command.id] = replace(left, ended_s=())

    def poll(self, now: float) -> None:
        """End what has waited too long."""
        overdue = [
            one
            for one in self._accounts.values()
            if one.due_at <= now and one.state not in _END_STATES
        ]
        for account in overdue:
            sent = account.state is State.SENT
            reason, detail = (None, None) if sent else (RADIO_LOST, "the radio did not answer")
            self._step(account.command.id, Event.TIME_IS_UP, reason=reason, detail=detail)

    def _sent(self, event: DownlinkSent, now: float) -> None:
        account = self._accounts.get(event.id)
        if account is not None:
            ended_s = (*account.ended_s, event.ended_s)
            due_at = now + CONFIRM_WITHIN_S
            self._step(event.id, Event.TRANSMITTED, sent=event, ended_s=ended_s, due_at=due_at)

    def _step(self, command_id: str, event: Event, **changes: object) -> None:
        account = self._accounts.get(command_id)
        state = step(account.state, event) if account is not None else None
        if account is None or state is None:
            return
        moved = replace(account, state=state, **changes)  # type: ignore[arg-type]
        self._accounts[command_id] = moved
        if state is account.state:
            return  # a repeat of a frame is no news
        # A repeat of the frame, or a late confirmation, moves what had ended already.
        self._count(account, -1)
        self._count(moved, 1)
        self._changed(moved)

    def _count(self, account: Account, change: int) -> None:
        if account.state in _END_STATES:
            refused = account.state is State.REFUSED
            key = account.reason if refused and account.reason else account.state.value
            self.counts[key] = self.counts.get(key, 0) + change
