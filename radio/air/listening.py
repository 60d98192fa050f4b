"""A device that waits for its downlink, hears it with a radio of its own, and confirms it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from radio.air.device import Device, Transmission
from radio.air.downlinks import DEVICE_RATE_HZ, OnAir
from radio.air.hopping import carriers_hz
from radio.dsp.gfsk_receive import find_downlinks
from radio.dsp.modulate import DbpskBurst
from radio.dsp.waveform import Samples
from radio.sigfox.control import DOWNLINK_CONFIRMATION, Control, control_payload
from radio.sigfox.downlink import (
    DOWNLINK_BIT_RATE,
    Downlink,
    DownlinkFrame,
    decode_downlink,
    verify_downlink,
)
from radio.sigfox.uplink import MessageType, Uplink, encode_uplink
from radio.sigfox.zones import Zone

CONFIRMS_AFTER_S: Final = (1.4, 4.0)
_PAD_S: Final = 0.05
# Thermal noise in 600 Hz under a noise figure of 6 dB.
_NOISE_DBM: Final = -140
_SUPPLY_MV: Final = 3_600
_TRANSMITTING_MV: Final = 3_300
_TENTH_C: Final = 215


@dataclass(frozen=True, slots=True)
class Listening:
    """The window of one device after one message.

    Attributes:
        device: Who listens.
        seq_number: Of the message.
        tuned_hz: Where its radio really is, its oscillator's error included.
        opens_s, closes_s: When it is on.
    """

    device: Device
    seq_number: int
    tuned_hz: float
    opens_s: float
    closes_s: float

    @classmethod
    def after(cls, device: Device, zone: Zone, first: Transmission) -> Listening:
        """The window after the message whose frame of rank 1 is `first`."""
        pace = 1 + 1e-6 * device.frequency_error_ppm
        burst = first.burst
        ended_s = burst.first_bit_s + len(burst.bits) * burst.symbol_s
        return cls(
            device=device,
            seq_number=first.uplink.seq_number,
            tuned_hz=zone.downlink_hz(first.frequency_hz / pace) * pace,
            opens_s=ended_s + zone.window_opens_s / pace,
            closes_s=ended_s + (zone.window_opens_s + zone.window_s) / pace,
        )

    def hears(self, on_air: Sequence[OnAir], rng: np.random.Generator) -> Heard | None:
        """The first downlink of `on_air` that is this device's; None where none is."""
        begins_s = max(self.opens_s, min(one.starts_s for one in on_air) - _PAD_S)
        ends_s = min(self.closes_s, max(one.ends_s for one in on_air) + _PAD_S)
        count = math.floor((ends_s - begins_s) * DEVICE_RATE_HZ)
        if count <= 0:
            return None
        samples = self._noise(count, rng)
        for one in on_air:
            _add(samples, one.received(self.tuned_hz), one.starts_s - begins_s)
        for found in find_downlinks(samples, DEVICE_RATE_HZ):
            frame = decode_downlink(found.bits, self.device.device_id, self.seq_number)
            if isinstance(frame, DownlinkFrame) and verify_downlink(frame, self.device.nak):
                return Heard(frame.downlink, begins_s + found.ends_s)
        return None

    def _noise(self, count: int, rng: np.random.Generator) -> Samples:
        power = 10 ** (-self.device.snr_db / 10) * DEVICE_RATE_HZ / DOWNLINK_BIT_RATE
        parts = rng.standard_normal(2 * count, np.float32) * np.float32(math.sqrt(power / 2))
        return parts.view(np.complex64)


@dataclass(frozen=True, slots=True)
class Heard:
    """A downlink that a device took as its own.

    Attributes:
        downlink: What it says.
        ends_s: End of its last bit.
    """

    downlink: Downlink
    ends_s: float


def confirmation(
    device: Device, zone: Zone, heard: Heard, rng: np.random.Generator
) -> Transmission:
    """The one frame with which a device says that it has its downlink."""
    fields = Control(
        type_byte=DOWNLINK_CONFIRMATION,
        voltage_idle_mv=_SUPPLY_MV,
        voltage_tx_mv=_TRANSMITTING_MV,
        temperature_tenth_c=_TENTH_C,
        rssi_dbm=round(_NOISE_DBM + device.snr_db),
    )
    uplink = Uplink(
        device_id=device.device_id,
        seq_number=(heard.downlink.seq_number + 1) % device.roll_over,
        payload=control_payload(fields),
        message_type=MessageType.DOWNLINK_CONFIRMATION,
    )
    (nominal_hz,) = carriers_hz(zone, 1, rng, bidirectional=False)
    burst = DbpskBurst(
        bits=encode_uplink(uplink, device.nak, 1),
        bit_rate=device.bit_rate,
        first_bit_s=heard.ends_s + float(rng.uniform(*CONFIRMS_AFTER_S)),
        carrier_hz=0.0,
        shape=device.shape,
        clock_ppm=device.frequency_error_ppm,
        phase_rad=float(rng.uniform(0, 2 * np.pi)),
    )
    actual_hz = nominal_hz * (1 + 1e-6 * device.frequency_error_ppm)
    return Transmission(uplink, 1, device.bit_rate, actual_hz, device.snr_db, burst)


def _add(samples: Samples, wave: Samples, at_s: float) -> None:
    """Add `wave` from `at_s` on, as far as it is inside."""
    first = round(at_s * DEVICE_RATE_HZ)
    begin, end = max(first, 0), min(first + len(wave), len(samples))
    if begin < end:
        samples[begin:end] += wave[begin - first : end - first]
