"""What the transmit desk works with: its equipment, and the forms of a downlink on its way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from radio.airtime_file import AirtimeFile
from radio.downlink.queue import Slot
from radio.downlink.refusal import Refused
from radio.dsp.gfsk import gfsk_waveform
from radio.events import DownlinkEvent, DownlinkPlanned, DownlinkRefused
from radio.frontend.ports import Burst, IqBlock, StreamClock, Transmitter
from radio.sigfox.downlink import Downlink, frame_with_tag


class FollowedClock(StreamClock, Protocol):
    """A clock that is told of every block."""

    def follow(self, block: IqBlock, rate_hz: float) -> None:
        """A block has just come."""
        ...


@dataclass(frozen=True, slots=True)
class Equipment:
    """What transmitting needs.

    Attributes:
        transmitter: The part.
        clock: Of the stream that the same front end receives.
        airtime: Where the ledger is kept.
    """

    transmitter: Transmitter
    clock: FollowedClock
    airtime: AirtimeFile


def event_of(result: Slot | Refused, now_s: float) -> DownlinkEvent:
    """What the gateway is told of a decision taken at `now_s`."""
    if isinstance(result, Refused):
        return DownlinkRefused(id=result.id, reason=result.reason, detail=result.detail)
    return DownlinkPlanned(
        id=result.command.id,
        in_s=result.starts_s - now_s,
        frequency_hz=result.window.frequency_hz,
    )


def burst_of(slot: Slot, rate_hz: float) -> Burst:
    """The samples of a planned downlink."""
    command = slot.command
    downlink = Downlink(
        int(command.device_id, 16), command.seq_number, bytes.fromhex(command.payload)
    )
    bits = frame_with_tag(downlink, bytes.fromhex(command.tag))
    return Burst(
        samples=gfsk_waveform(bits, rate_hz=rate_hz, carrier_hz=0.0),
        rate_hz=rate_hz,
        frequency_hz=slot.window.frequency_hz,
        starts_s=slot.starts_s,
        latest_s=slot.window.latest_s,
    )
