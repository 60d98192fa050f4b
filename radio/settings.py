"""What the radio worker is told when it starts: one line of JSON on its stdin."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from radio.sigfox.zones import ZONES, Zone
from radio.transmit_settings import TransmitSettings

Rate = Annotated[float, Meta(ge=200e3, le=20e6, description="samples per second")]
Gain = Annotated[float, Meta(ge=-30, le=100, description="dB; none: automatic")]
Snr = Annotated[float, Meta(ge=-20, le=80)]


class RecordingSettings(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="recording"
):
    """A SigMF recording, played once."""

    path: str


class RtlTcpSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="rtl_tcp"):
    """An RTL-SDR behind an rtl_tcp server, here or elsewhere."""

    host: Annotated[str, Meta(min_length=1, max_length=255)] = "127.0.0.1"
    port: Annotated[int, Meta(ge=1, le=65535)] = 1234
    rate_hz: Rate = 250e3
    gain_db: Gain | None = None
    frequency_correction_ppm: Annotated[int, Meta(ge=-1000, le=1000)] = 0


class SoapySettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="soapy"):
    """Any part that SoapySDR knows; `device` as its tools write it, driver=rtlsdr,serial=1."""

    device: Annotated[str, Meta(min_length=1, max_length=255)]
    rate_hz: Rate = 250e3
    gain_db: Gain | None = None
    antenna: str | None = None
    frequency_correction_ppm: Annotated[float, Meta(ge=-1000, le=1000)] = 0


class SimulatorSettings(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="simulator"
):
    """A simulated air with sensors.

    Attributes:
        speed: 1 is real time; None as fast as it goes.
        follows_clock: Devices go on counting over restarts, as real ones do.
        listening: So many devices more, which ask for a downlink, wait for it and confirm it.
    """

    devices: Annotated[int, Meta(ge=0, le=10_000)] = 12
    interval_s: Annotated[float, Meta(ge=10, le=86_400)] = 30.0
    lowest_snr_db: Snr = 12.0
    highest_snr_db: Snr = 30.0
    bit_rates: tuple[Literal[100, 600], ...] | None = None
    seed: Annotated[int, Meta(ge=0)] = 0
    rate_hz: Rate = 250e3
    speed: Annotated[float, Meta(gt=0, le=1000)] | None = 1.0
    follows_clock: bool = False
    listening: Annotated[int, Meta(ge=0, le=1_000)] = 0


FrontEndSettings = RecordingSettings | RtlTcpSettings | SoapySettings | SimulatorSettings


class WorkerSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything the worker needs to know.

    Attributes:
        zone: Where to listen.
        bit_rates: What to listen for; None: all that the zone has.
        calibration_db: dBm of a full-scale sine at the antenna; None: uncalibrated.
        queue_limit: Events that may wait for a slow reader before the oldest are dropped.
        transmit: Downlinks; None: nothing is ever transmitted.
    """

    front_end: FrontEndSettings
    zone: Literal["RC1", "RC2", "RC3", "RC4", "RC5", "RC6", "RC7"] = "RC1"
    bit_rates: tuple[Literal[100, 600], ...] | None = None
    calibration_db: Annotated[float, Meta(ge=-200, le=200)] | None = None
    queue_limit: Annotated[int, Meta(ge=1, le=100_000)] = 1000
    transmit: TransmitSettings | None = None

    @property
    def zone_facts(self) -> Zone:
        """The zone that the name stands for."""
        return ZONES[self.zone]
