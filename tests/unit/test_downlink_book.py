"""The accounts of downlink commands: executed once, each change told, each end counted."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nap.downlink.book import Account, Book
from nap.downlink.confirmation import confirms, device_rssi_dbm
from nap.downlink.state import TRANSITIONS, Event, State, step
from radio.air.device import Device
from radio.air.listening import Heard, confirmation
from radio.commands import Transmit
from radio.events import DownlinkEvent, DownlinkPlanned, DownlinkRefused, DownlinkSent, FrameHeard
from radio.sigfox.downlink import Downlink
from radio.sigfox.zones import ZONES
from tests.simulators.hearing import heard

SENSOR = Device(
    device_id=0xC0FFEE, bit_rate=100, snr_db=20.0, interval_s=120.0, bidirectional=True,
    listens=True,
)  # fmt: skip
COMMAND = Transmit(id="c1", device_id="00c0ffee", seq_number=7, payload="00" * 8, tag="beef")
PLANNED = DownlinkPlanned(id="c1", in_s=10.0, frequency_hz=869.5e6)
REFUSED = DownlinkRefused(id="c1", reason="duty_cycle", detail="used up")


def sent(copy: int = 1, ended_s: float = 131.0) -> DownlinkSent:
    return DownlinkSent(
        id="c1", copy=copy, started_s=ended_s - 0.4, ended_s=ended_s, frequency_hz=869.5e6,
        late_s=0.0, airtime_left_s=350.0,
    )  # fmt: skip


def confirming(ended_s: float = 131.0, **changes: object) -> FrameHeard:
    """What the device sends after a downlink that ended then."""
    answer = Heard(Downlink(0xC0FFEE, 7, bytes(8)), ended_s)
    made = heard(confirmation(SENSOR, ZONES["RC1"], answer, np.random.default_rng(1)))
    return msgspec.structs.replace(made, **changes)


class Ledger:
    """A book and what it told."""

    def __init__(self, capacity: int = 10) -> None:
        self.told: list[Account] = []
        self.book = Book(self.told.append, capacity=capacity)
        self.book.enter(COMMAND, "cloud", 0.0)

    def after(self, *events: DownlinkEvent) -> Ledger:
        for event in events:
            self.book.radio_said(event, 1.0)
        return self

    @property
    def states(self) -> list[State]:
        return [account.state for account in self.told]


def test_the_usual_life() -> None:
    ledger = Ledger().after(PLANNED, sent())
    assert ledger.book.open == 1
    ledger.book.heard(confirming())
    assert ledger.states == [State.ACCEPTED, State.SENT, State.CONFIRMED]
    last = ledger.told[-1]
    assert last.confirmation is not None
    assert (last.confirmation.seq_number, last.device_rssi_dbm) == (8, -120.0)
    ledger.book.poll(1e6)
    assert (ledger.book.open, ledger.book.counts) == (0, {"confirmed": 1})


@pytest.mark.parametrize(
    "changes",
    [
        {"device_id": "00c0ffef"},
        {"seq_number": 7},
        {"seq_number": 9},
        {"message_type": "keep_alive"},
        {"offset_s": 131.0 + 0.8},
        {"offset_s": 131.0 + 4.6},
    ],
)
def test_what_is_not_its_confirmation_confirms_nothing(changes: dict[str, object]) -> None:
    ledger = Ledger().after(PLANNED, sent())
    ledger.book.heard(confirming(**changes))  # type: ignore[arg-type]
    assert ledger.states[-1] is State.SENT
    ledger.book.poll(14.0)
    assert ledger.states[-1] is State.UNCONFIRMED
    assert ledger.book.counts == {"unconfirmed": 1}


def test_nothing_confirms_what_was_not_sent() -> None:
    ledger = Ledger().after(PLANNED)
    ledger.book.heard(confirming())
    assert ledger.states == [State.ACCEPTED]


def test_a_confirmation_after_a_repeat_counts_whenever_it_comes() -> None:
    ledger = Ledger().after(PLANNED, sent(), sent(copy=2, ended_s=133.0))
    assert ledger.states == [State.ACCEPTED, State.SENT]
    ledger.book.poll(14.0)
    ledger.book.heard(confirming(ended_s=133.0))
    assert ledger.states[-2:] == [State.UNCONFIRMED, State.CONFIRMED]
    assert {key: count for key, count in ledger.book.counts.items() if count} == {"confirmed": 1}


def test_a_refusal_keeps_its_reason() -> None:
    ledger = Ledger().after(REFUSED)
    assert (ledger.told[-1].reason, ledger.told[-1].detail) == ("duty_cycle", "used up")
    shifted_out = Ledger().after(PLANNED, REFUSED)
    assert shifted_out.states == [State.ACCEPTED, State.REFUSED]
    assert shifted_out.book.counts == {"duty_cycle": 1}


@pytest.mark.parametrize("events", [[], [PLANNED]])
def test_a_radio_that_is_lost_or_silent_is_a_refusal(events: list[DownlinkEvent]) -> None:
    lost, silent = Ledger().after(*events), Ledger().after(*events)
    lost.book.radio_lost()
    silent.book.poll(70.0)
    for ledger in (lost, silent):
        assert (ledger.states[-1], ledger.told[-1].reason) == (State.REFUSED, "radio_lost")


def test_the_time_axis_of_a_lost_radio_confirms_nothing_any_more() -> None:
    ledger = Ledger().after(PLANNED, sent())
    ledger.book.radio_lost()
    ledger.book.heard(confirming())
    assert ledger.states[-1] is State.UNCONFIRMED


def test_the_book_is_bounded_and_the_newest_are_known() -> None:
    ledger = Ledger(capacity=10)
    for number in range(20):
        ledger.book.enter(msgspec.structs.replace(COMMAND, id=f"n{number}"), "cloud", 0.0)
    assert ledger.book.open == 10
    assert ledger.book.known("n19") is not None
    assert ledger.book.known("n9") is None


def test_events_of_unknown_commands_are_passed_over() -> None:
    ledger = Ledger()
    ledger.after(
        msgspec.structs.replace(PLANNED, id="other"), msgspec.structs.replace(sent(), id="x")
    )
    assert ledger.told == []


@pytest.mark.parametrize("roll_over", [128, 256, 512, 1024, 2048, 4096])
def test_numbers_roll_over_where_the_device_has_it(roll_over: int) -> None:
    frame = confirming(seq_number=0)
    assert confirms(frame, "00c0ffee", roll_over - 1, 131.0)
    assert not confirms(frame, "00c0ffee", 99, 131.0)


@given(st.binary(max_size=12))
def test_any_payload_gives_a_level_or_none(payload: bytes) -> None:
    level = device_rssi_dbm(confirming(payload=payload.hex()))
    assert level is None or -300 < level < 100


def test_every_state_has_a_row_and_can_be_reached() -> None:
    assert set(TRANSITIONS) == set(State)
    reached = {State.HANDED} | {to for row in TRANSITIONS.values() for to in row.values()}
    assert reached == set(State)
    assert step(State.REFUSED, Event.CONFIRMATION) is None
