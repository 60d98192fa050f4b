"""The just-in-time queue: which downlink is transmitted when, and which never. No I/O.

Times are seconds of the received stream, on which windows are measured; they are arguments.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from radio.commands import State, Transmit
from radio.downlink.heard import REMEMBER_S, HeardUplinks
from radio.downlink.plan import Want, plan
from radio.downlink.refusal import Refusal, Refused
from radio.downlink.regulation import RULES, Rule
from radio.downlink.window import AIRTIME_S, Window
from radio.events import FrameHeard
from radio.sigfox.zones import MACRO_CHANNEL_HZ, Zone

LIMIT: Final = 32
"""Far more than fit in one window by any zone's rules."""
LEAD_S: Final = 0.5
"""A transmission is handed out so long before its start: airtime must be written down, samples
made, a part woken."""
_REPEAT_PRIORITY: Final = -1


@dataclass(frozen=True, slots=True)
class Slot:
    """A transmission with its time.

    Attributes:
        command: What to say, to whom.
        window: When it would still be heard.
        starts_s: When the power ramp begins.
        copy: 1, or 2 … for repeats.
    """

    command: Transmit
    window: Window
    starts_s: float
    copy: int = 1


@dataclass(frozen=True, slots=True)
class _Waiting:
    command: Transmit
    want: Want
    copy: int


class DownlinkQueue:
    """Plans anew whenever something changes, so that a newcomer may shift the others."""

    def __init__(self, zone: Zone, *, repeats: int = 0, carrier_sense_waived: bool = False) -> None:
        """Copies beyond the first are sent in the same window where nothing else wants it."""
        self._zone, self._repeats = zone, repeats
        self._carrier_sense_waived = carrier_sense_waived
        self.rule: Final[Rule] = RULES[zone.name]
        self.state: State = "active"
        self._heard = HeardUplinks(zone)
        self._waiting: dict[str, _Waiting] = {}
        self._starts: dict[str, float] = {}
        self._answered: dict[tuple[str, int], float] = {}
        self._arrivals = 0
        self._busy_until_s = -math.inf

    def heard(self, frame: FrameHeard) -> None:
        """A frame was decoded; it may be answered."""
        self._heard.receive(frame)

    def submit(
        self, command: Transmit, now_s: float, airtime_left_s: float
    ) -> list[Slot | Refused]:
        """Take a downlink; return its place, or which downlinks have none now, and why."""
        self._forget(now_s)
        window = self._window(command, now_s)
        if isinstance(window, Refused):
            return [window]
        self._arrivals += 1
        want = Want(command.id, window, command.priority, self._arrivals)
        self._waiting[command.id] = _Waiting(command, want, 1)
        refused = self._plan(now_s, airtime_left_s, Refusal.CONFLICT)
        places = [self._slot(command.id)] if command.id in self._waiting else []
        return [*places, *refused]

    def set_state(self, state: State) -> list[Refused]:
        """The operating state is another; unless it is active, nothing waits any more."""
        self.state = state
        reason = self._state_refusal()
        return [] if reason is None else self.clear(reason, f"the box is {state}")

    def clear(self, reason: Refusal, detail: str) -> list[Refused]:
        """Give up all that waits."""
        return self._refuse(list(self._waiting), reason, detail)

    def restart(self, last_ended_s: float) -> None:
        """Another stream begins: its time starts at 0 and nothing was heard on it.

        The last transmission ended at `last_ended_s` of that time, which is below 0.
        """
        self._waiting, self._starts = {}, {}
        self._heard.clear()
        self._answered.clear()
        self._busy_until_s = last_ended_s

    def next_deadline_s(self) -> float | None:
        """When to call `take_due`; None while nothing waits."""
        return min(self._starts.values()) - LEAD_S if self._starts else None

    def take_due(self, now_s: float, airtime_left_s: float) -> list[Slot | Refused]:
        """At most one transmission to make now, and what became too late or too much."""
        refused: list[Slot | Refused] = []
        if any(start_s < now_s for start_s in self._starts.values()):
            refused += self._plan(now_s, airtime_left_s, Refusal.TOO_LATE)
        due = [key for key, start_s in self._starts.items() if start_s - LEAD_S <= now_s]
        if not due:
            return refused
        key = min(due, key=self._starts.__getitem__)
        if airtime_left_s < AIRTIME_S:
            return [*refused, *self._refuse([key], Refusal.DUTY_CYCLE, self._airtime_text())]
        slot = self._slot(key)
        del self._waiting[key], self._starts[key]
        self._answered[_uplink(slot.command)] = slot.starts_s
        self._busy_until_s = slot.starts_s + AIRTIME_S
        return [*refused, slot]

    def sent(self, slot: Slot, ended_s: float, airtime_left_s: float) -> list[Refused]:
        """`slot` was transmitted; return whom the pause after it leaves no place."""
        self._busy_until_s = ended_s
        if slot.copy <= self._repeats and self.state == "active":
            self._arrivals += 1
            key = slot.command.id
            want = Want(key, slot.window, _REPEAT_PRIORITY, self._arrivals)
            self._waiting[key] = _Waiting(slot.command, want, slot.copy + 1)
        return self._plan(ended_s, airtime_left_s, Refusal.TOO_LATE)

    def failed(self, slot: Slot) -> None:
        """`slot` was not transmitted after all; its uplink may be answered anew."""
        if slot.copy == 1:
            self._answered.pop(_uplink(slot.command), None)

    def _window(self, command: Transmit, now_s: float) -> Window | Refused:
        """Where `command` may go, or the first objection to it."""
        for reason, detail in self._objections(command):
            return Refused(command.id, reason, detail)
        window = self._heard.window(command.device_id, command.seq_number, now_s)
        if window is None:
            detail = "not heard here, or it did not ask"
            return Refused(command.id, Refusal.UNKNOWN_UPLINK, detail)
        for reason, detail in self._misfits(window, now_s):
            return Refused(command.id, reason, detail)
        return window

    def _objections(self, command: Transmit) -> Iterator[tuple[Refusal, str]]:
        """What is against it wherever it goes."""
        if (reason := self._state_refusal()) is not None:
            yield reason, f"the box is {self.state}"
        if self.rule.carrier_sense and not self._carrier_sense_waived:
            name = self._zone.name
            yield Refusal.CARRIER_SENSE, f"{name} wants the channel sensed before it is used"
        if self._known(command):
            yield Refusal.DUPLICATE, "this uplink already has its answer"
        if len(self._waiting) >= LIMIT:
            yield Refusal.QUEUE_FULL, f"{LIMIT} downlinks wait"

    def _misfits(self, window: Window, now_s: float) -> Iterator[tuple[Refusal, str]]:
        """What is against this place and time."""
        if not self._allows(window.frequency_hz):
            name = self._zone.name
            yield Refusal.ZONE, f"{window.frequency_hz:.0f} Hz is outside the band of {name}"
        if (late_s := now_s + LEAD_S - window.latest_s) > 0:
            yield Refusal.TOO_LATE, f"{late_s:.1f} s too late for the whole frame"

    def _known(self, command: Transmit) -> bool:
        uplink = _uplink(command)
        waiting = any(_uplink(one.command) == uplink for one in self._waiting.values())
        return waiting or command.id in self._waiting or uplink in self._answered

    def _state_refusal(self) -> Refusal | None:
        match self.state:
            case "active":
                return None
            case "muted":
                return Refusal.MUTED
            case _:
                return Refusal.DEACTIVATED

    def _allows(self, frequency_hz: float) -> bool:
        inside = self.rule.low_hz < frequency_hz < self.rule.high_hz
        return inside and abs(frequency_hz - self._zone.downlink_center_hz) <= MACRO_CHANNEL_HZ / 2

    def _plan(self, now_s: float, airtime_left_s: float, reason: Refusal) -> list[Refused]:
        """Give everybody a place; who has none is refused for `reason`, or for want of airtime."""
        wants = sorted(
            (one.want for one in self._waiting.values()),
            key=lambda one: (-one.priority, one.arrival),
        )
        affordable = int(airtime_left_s / AIRTIME_S)
        from_s = max(now_s + LEAD_S, self._busy_until_s + self.rule.pause_s)
        self._starts = plan(wants[:affordable], from_s=from_s, gap_s=self.rule.pause_s)
        poor = [one.key for one in wants[affordable:]]
        unplaced = [one.key for one in wants[:affordable] if one.key not in self._starts]
        return [
            *self._refuse(poor, Refusal.DUTY_CYCLE, self._airtime_text()),
            *self._refuse(unplaced, reason, "no free place is left in its window"),
        ]

    def _refuse(self, keys: Iterable[str], reason: Refusal, detail: str) -> list[Refused]:
        gone = [self._waiting.pop(key) for key in keys]
        self._starts = {key: start for key, start in self._starts.items() if key in self._waiting}
        # A repeat was sent already; that there is no room for it is no refusal.
        return [Refused(one.command.id, reason, detail) for one in gone if one.copy == 1]

    def _slot(self, key: str) -> Slot:
        waiting = self._waiting[key]
        return Slot(waiting.command, waiting.want.window, self._starts[key], waiting.copy)

    def _airtime_text(self) -> str:
        return f"{self.rule.airtime_s:.0f} s an hour are used up in {self._zone.name}"

    def _forget(self, now_s: float) -> None:
        """Numbers come again: what was answered long ago is another uplink."""
        old = [key for key, at_s in self._answered.items() if at_s < now_s - REMEMBER_S]
        for key in old:
            del self._answered[key]


def _uplink(command: Transmit) -> tuple[str, int]:
    return command.device_id, command.seq_number
