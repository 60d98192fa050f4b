"""A simulated device: which messages it sends, when, where and how loud.

Everything follows from a seed, the device's ID and the number of the message, so that any moment
can be asked for, in any order, and always gives the same.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from radio.air.hopping import carriers_hz
from radio.dsp.modulate import DbpskBurst, Shape
from radio.sigfox.replica_timing import LONGEST_FRAME_BITS
from radio.sigfox.uplink import MessageType, Uplink, encode_uplink
from radio.sigfox.zones import FRAME_GAP_S, Zone

LONGEST_PAYLOAD_BYTES: Final = 12
_RAMPS_BITS: Final = 3
# A message starts this part of an interval early or late: real clocks are not in step.
_JITTER: Final = 0.1
LONGEST_WAIT_S: Final = 60.0
"""From the end of a message that asks to the end of the confirmation, in any zone."""
_SILENT_TYPES: Final = (MessageType.EMPTY, MessageType.BIT_FALSE, MessageType.BIT_TRUE)


class AirError(ValueError):
    """A device or an air that cannot be; the text says which value is wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """One sensor.

    Attributes:
        device_id: 32 bits.
        bit_rate: 100 or 600, one that its zone has.
        snr_db: Signal power over noise power in bit-rate Hz.
        interval_s: Mean time from message to message; each starts up to a tenth early or late.
        first_s: Mean start of its first message.
        first_seq_number: Of its first message.
        roll_over: Sequence numbers count modulo this.
        payload_bytes: 0 to 12; with 0 it sends empty and one-bit messages.
        frames: Frames of a message, 1 to 3.
        bidirectional: It asks for a downlink with every message.
        listens: It waits for it, too, and confirms it; else it never gets one.
        frequency_error_ppm: Of its oscillator; bit clock and carrier share it.
        largest_drift_hz_per_s: Each frame drifts by something between - and + this.
        shape: How it turns the phase.
    """

    device_id: int
    bit_rate: int
    snr_db: float
    interval_s: float
    first_s: float = 0.0
    first_seq_number: int = 0
    roll_over: int = 4096
    payload_bytes: int = 12
    frames: int = 3
    bidirectional: bool = False
    listens: bool = False
    frequency_error_ppm: float = 0.0
    largest_drift_hz_per_s: float = 0.0
    shape: Shape = Shape.S2LP

    def __post_init__(self) -> None:
        if not 0 <= self.payload_bytes <= LONGEST_PAYLOAD_BYTES:
            msg = f"payload_bytes {self.payload_bytes} is not 0 to 12"
            raise AirError(msg)
        if self.listens and not self.bidirectional:
            raise AirError("a device that listens has to be bidirectional")
        waits_s = LONGEST_WAIT_S if self.listens else 0.0
        shortest_s = (self.longest_message_s + waits_s) / (1 - 2 * _JITTER)
        if self.interval_s < shortest_s:
            msg = f"interval_s {self.interval_s} is below {shortest_s:.1f}"
            raise AirError(msg)

    @property
    def nak(self) -> bytes:
        """Its key, made from its ID."""
        return nak_of(self.device_id)

    @property
    def longest_message_s(self) -> float:
        """No message takes longer."""
        frame_s = (LONGEST_FRAME_BITS + _RAMPS_BITS) / self.bit_rate
        return self.frames * frame_s + (self.frames - 1) * FRAME_GAP_S

    def message_numbers(self, begin_s: float, end_s: float) -> range:
        """Numbers of all messages that may be on the air then, and perhaps a few more."""
        early = begin_s - self.first_s - self.longest_message_s
        first = int(np.floor(early / self.interval_s - _JITTER))
        last = int(np.ceil((end_s - self.first_s) / self.interval_s + _JITTER))
        return range(max(first, 0), max(last + 1, 0))


@dataclass(frozen=True, slots=True)
class Transmission:
    """One frame as it really was sent: the truth that a receiver is measured by.

    Attributes:
        uplink: What it says.
        rank: 1, 2 or 3.
        bit_rate: 100 or 600.
        frequency_hz: Absolute carrier at its middle.
        snr_db: Signal power over noise power in bit-rate Hz.
        burst: Its waveform around `frequency_hz`, at amplitude 1; times and drift are here.
    """

    uplink: Uplink
    rank: int
    bit_rate: int
    frequency_hz: float
    snr_db: float
    burst: DbpskBurst


def nak_of(device_id: int) -> bytes:
    """The key of a simulated device."""
    return hashlib.sha256(b"simulated device " + device_id.to_bytes(4, "big")).digest()[:16]


def message(
    device: Device, zone: Zone, seed: int, number: int, confirmations: int = 0
) -> list[Transmission]:
    """All frames of the message `number`, 0, 1, … of `device`.

    So many `confirmations` of downlinks it has sent before, each with a number of its own.
    """
    rng = np.random.default_rng((seed, device.device_id, number))
    start_s = device.first_s + device.interval_s * (number + rng.uniform(-_JITTER, _JITTER))
    uplink = _uplink(device, number + confirmations, rng)
    carriers = carriers_hz(zone, device.frames, rng, bidirectional=device.bidirectional)
    return list(_frames(device, uplink, max(start_s, _RAMPS_BITS / device.bit_rate), carriers, rng))


def _uplink(device: Device, counted: int, rng: np.random.Generator) -> Uplink:
    payload = rng.bytes(device.payload_bytes)
    kind = MessageType.BYTES if payload else _SILENT_TYPES[rng.integers(len(_SILENT_TYPES))]
    seq_number = (device.first_seq_number + counted) % device.roll_over
    return Uplink(device.device_id, seq_number, payload, kind, device.bidirectional)


def _frames(
    device: Device,
    uplink: Uplink,
    start_s: float,
    carriers: list[float],
    rng: np.random.Generator,
) -> Iterator[Transmission]:
    first_bit_s = start_s
    for rank, nominal_hz in enumerate(carriers, 1):
        drift = rng.uniform(-1, 1) * device.largest_drift_hz_per_s
        burst = DbpskBurst(
            bits=encode_uplink(uplink, device.nak, rank),
            bit_rate=device.bit_rate,
            first_bit_s=first_bit_s,
            carrier_hz=0.0,
            drift_hz_per_s=drift,
            shape=device.shape,
            clock_ppm=device.frequency_error_ppm,
            phase_rad=rng.uniform(0, 2 * np.pi),
        )
        actual_hz = nominal_hz * (1 + 1e-6 * device.frequency_error_ppm)
        yield Transmission(uplink, rank, device.bit_rate, actual_hz, device.snr_db, burst)
        first_bit_s += len(burst.bits) * burst.symbol_s + FRAME_GAP_S
