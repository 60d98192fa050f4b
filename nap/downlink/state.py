"""The life of one downlink command."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class State(StrEnum):
    """Where it is."""

    HANDED = "handed"
    """The radio has it and has not answered yet."""
    ACCEPTED = "accepted"
    """It has a time and a frequency."""
    SENT = "sent"
    """It left the transmitter; the device may confirm it."""
    CONFIRMED = "confirmed"
    UNCONFIRMED = "unconfirmed"
    """No confirmation was heard here; the device may have the downlink all the same."""
    REFUSED = "refused"


class Event(StrEnum):
    """What happens to it."""

    PLANNED = "planned"
    TRANSMITTED = "transmitted"
    REFUSED = "refused"
    RADIO_LOST = "radio_lost"
    CONFIRMATION = "confirmation"
    TIME_IS_UP = "time_is_up"


TRANSITIONS: Final[dict[State, dict[Event, State]]] = {
    State.HANDED: {
        Event.PLANNED: State.ACCEPTED,
        Event.REFUSED: State.REFUSED,
        Event.RADIO_LOST: State.REFUSED,
        Event.TIME_IS_UP: State.REFUSED,
    },
    State.ACCEPTED: {
        Event.TRANSMITTED: State.SENT,
        Event.REFUSED: State.REFUSED,
        Event.RADIO_LOST: State.REFUSED,
        Event.TIME_IS_UP: State.REFUSED,
    },
    State.SENT: {
        # A repeat in the same window.
        Event.TRANSMITTED: State.SENT,
        Event.CONFIRMATION: State.CONFIRMED,
        Event.RADIO_LOST: State.UNCONFIRMED,
        Event.TIME_IS_UP: State.UNCONFIRMED,
    },
    # The device does not know that its confirmation was heard, nor we that it stopped listening.
    State.CONFIRMED: {Event.TRANSMITTED: State.CONFIRMED},
    State.UNCONFIRMED: {
        Event.TRANSMITTED: State.SENT,
        Event.CONFIRMATION: State.CONFIRMED,
    },
    State.REFUSED: {},
}


def step(state: State, event: Event) -> State | None:
    """The next state; None where `event` changes nothing any more: it came after the end."""
    return TRANSITIONS[state].get(event)
