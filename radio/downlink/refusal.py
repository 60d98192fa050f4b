"""Why a downlink is not sent."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Refusal(StrEnum):
    """The stable key of each reason, for cloud, console and tests."""

    MUTED = "muted"
    """The box is muted: it receives and never transmits."""
    DEACTIVATED = "deactivated"
    """The box is out of service."""
    NO_TRANSMITTER = "no_transmitter"
    """The front end cannot transmit, is not set up to, or is not open now."""
    CARRIER_SENSE = "carrier_sense"
    """The zone's rules want the channel sensed first, which no front end here can."""
    UNKNOWN_UPLINK = "unknown_uplink"
    """This receiver did not hear the uplink, or the uplink did not ask."""
    ZONE = "zone"
    """The answer would leave the zone's downlink band."""
    TOO_LATE = "too_late"
    """The whole frame no longer fits in the window."""
    DUTY_CYCLE = "duty_cycle"
    """The rules of the band leave no airtime."""
    CONFLICT = "conflict"
    """Others of at least the same priority fill the window."""
    DUPLICATE = "duplicate"
    """This uplink already has its answer."""
    QUEUE_FULL = "queue_full"
    """More wait than one transmitter can ever serve."""
    RADIO_LOST = "radio_lost"
    """The front end was lost while the downlink waited; its clock went with it."""
    LEDGER = "ledger"
    """The airtime cannot be written down, and unwritten it must not be used."""
    TRANSMITTER_FAILED = "transmitter_failed"
    """The part reported an error; the frame may have left it in part."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A downlink that will not be sent.

    Attributes:
        id: Of the command.
        reason: Which of them.
        detail: For people.
    """

    id: str
    reason: Refusal
    detail: str
