"""How the worker may transmit: a part of its settings."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from radio.commands import State


class TransmitSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Downlinks. Without this table nothing is ever transmitted.

    Attributes:
        state: Operating state at the start; only an active box transmits.
        gain_db: Of the transmitter; set it so that the power of the zone's rules is not exceeded.
            Absent: the least that the part has.
        device: SoapySDR's name of the transmitter where it is not the front end itself.
        antenna: Its socket, as SoapySDR names it.
        rate_hz: Samples per second.
        repeats: Copies after the first in the same window, as far as airtime and others allow.
        carrier_sense_waived: The station has a licence that does not ask for carrier sense.
        airtime_path: Where used airtime is kept; absent: in the gateway's state_dir.
    """

    state: State = "active"
    gain_db: Annotated[float, Meta(ge=-100, le=100)] | None = None
    device: Annotated[str, Meta(min_length=1, max_length=255)] | None = None
    antenna: Annotated[str, Meta(min_length=1, max_length=64)] | None = None
    rate_hz: Annotated[float, Meta(ge=48e3, le=4e6)] = 250e3
    repeats: Annotated[int, Meta(ge=0, le=5)] = 0
    carrier_sense_waived: bool = False
    airtime_path: Annotated[str, Meta(min_length=1, max_length=4096)] | None = None
