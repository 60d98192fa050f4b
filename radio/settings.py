"""What the radio worker is told when it starts: one line of JSON on its stdin."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from radio.blackbox.reach import Datatype, needed_s, too_short
from radio.levels.reference import ReferenceDevice
from radio.sigfox.zones import ZONES, Zone
from radio.transmit_settings import TransmitSettings
from radio.watched_zones import bit_rates, center_hz, check_rate, sensing_s

Rate = Annotated[float, Meta(ge=200e3, le=20e6, description="samples per second")]
Gain = Annotated[float, Meta(ge=-30, le=100, description="dB; none: automatic")]
Snr = Annotated[float, Meta(ge=-20, le=80)]
ZoneName = Literal["RC1", "RC2", "RC3", "RC4", "RC5", "RC6", "RC7"]


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


class HeartbeatSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A frame of our own, added to the samples now and then to see that it is decoded.

    It is never relayed nor counted as heard. Recordings have none.

    Attributes:
        every_s: From one to the next.
        snr_db: Its power over the noise in bit-rate Hz. At 8 nearly all decode; 6 is the limit.
    """

    enabled: bool = True
    every_s: Annotated[float, Meta(ge=20, le=86_400)] = 60.0
    snr_db: Annotated[float, Meta(ge=0, le=40)] = 8.0


class BlackBoxSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Samples of bursts that did not decode, and of the last seconds on demand, as SigMF clips.

    Attributes:
        folder: Where clips are; absent: `clips` in the gateway's state_dir.
        max_bytes: Room for clips; the oldest and least interesting go first.
        ring_s: The last seconds of samples are kept in memory for clips, if ring_bytes hold them;
            absent: as many as it takes until a burst is given up, 13 to 29 by zone.
        ring_bytes: Memory for them, at most. A second at 250 kS/s takes 500 kB of an RTL-SDR, else
            1 MB.
        lowest_snr_db: A weaker burst is none worth a clip.
        clips_per_hour: Of undecoded bursts, at most.
        decode_again: After an update clips are decoded again, and what is found is relayed late.
    """

    enabled: bool = True
    folder: Annotated[str, Meta(min_length=1, max_length=4096)] | None = None
    max_bytes: Annotated[int, Meta(ge=1_000_000, le=1_000_000_000_000)] = 64_000_000
    ring_s: Annotated[float, Meta(ge=1, le=3600)] | None = None
    ring_bytes: Annotated[int, Meta(ge=1_000_000, le=100_000_000_000)] = 100_000_000
    lowest_snr_db: Snr = 8.0
    clips_per_hour: Annotated[int, Meta(ge=0, le=3600)] = 12
    decode_again: bool = True

    def too_short(self, needed_s: float, rate_hz: float, datatype: Datatype) -> str | None:
        """What to change for bursts to become clips, if they are wanted and memory is too short."""
        if not self.enabled or self.clips_per_hour == 0:
            return None
        return too_short(
            needed_s=needed_s,
            ring_s=self.ring_s,
            ring_bytes=self.ring_bytes,
            rate_hz=rate_hz,
            datatype=datatype,
        )


class WorkerSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything the worker needs to know.

    Attributes:
        zone: Where to listen.
        more_zones: Others to listen to in the same samples: RC7 with RC1 from 958 kS/s, RC5 with
            RC3 from 325 kS/s.
        bit_rates: What to listen for; None: all that the zones have.
        calibration_db: dBm of a full-scale sine at the antenna, with the gain as it is set.
        calibration_path: The same for every gain, from a file; without both levels in dBm are null.
        reference_device: Senders whose carrier is known, to tell the error of our oscillator.
        queue_limit: Events that may wait for a slow reader before the oldest are dropped.
        transmit: Downlinks; None: nothing is ever transmitted.
    """

    front_end: FrontEndSettings
    zone: ZoneName = "RC1"
    more_zones: Annotated[tuple[ZoneName, ...], Meta(max_length=6)] = ()
    bit_rates: tuple[Literal[100, 600], ...] | None = None
    calibration_db: Annotated[float, Meta(ge=-200, le=200)] | None = None
    calibration_path: Annotated[str, Meta(min_length=1, max_length=4096)] | None = None
    reference_device: Annotated[list[ReferenceDevice], Meta(max_length=100)] = []
    heartbeat: HeartbeatSettings = HeartbeatSettings()
    black_box: BlackBoxSettings = BlackBoxSettings()
    queue_limit: Annotated[int, Meta(ge=1, le=100_000)] = 1000
    transmit: TransmitSettings | None = None

    def __post_init__(self) -> None:
        """Check what goes beyond single fields."""
        if self.calibration_db is not None and self.calibration_path is not None:
            raise ValueError("set calibration_db or calibration_path, not both")
        names = (self.zone, *self.more_zones)
        if len(set(names)) < len(names):
            raise ValueError("more_zones names a zone twice")
        if self.more_zones and not isinstance(self.front_end, RecordingSettings):
            check_rate(self.zones, self.front_end.rate_hz)

    @property
    def zone_facts(self) -> Zone:
        """The zone that the name stands for."""
        return ZONES[self.zone]

    @property
    def zones(self) -> tuple[Zone, ...]:
        """All zones listened to."""
        return tuple(ZONES[name] for name in (self.zone, *self.more_zones))

    @property
    def center_hz(self) -> int:
        """Where to tune."""
        return center_hz(self.zones)

    @property
    def all_bit_rates(self) -> tuple[int, ...]:
        """What to listen for."""
        return self.bit_rates or bit_rates(self.zones)

    @property
    def datatype(self) -> Datatype:
        """In which samples are kept: an RTL-SDR gives 8 bits and no more, of others 16 are kept."""
        return "cu8" if isinstance(self.front_end, RtlTcpSettings) else "ci16_le"

    @property
    def clip_needed_s(self) -> float:
        """How long samples must stay in memory for a burst to become a clip."""
        return needed_s(self.all_bit_rates, sensing_s(self.zones))

    @property
    def advice(self) -> str | None:
        """What had better be changed, although it can be used as it is."""
        if isinstance(self.front_end, RecordingSettings):
            return None
        rate_hz = self.front_end.rate_hz
        return self.black_box.too_short(self.clip_needed_s, rate_hz, self.datatype)
