"""Scenes of air for the receiver: white noise and a crowd of frames, with the truth beside them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from radio.dsp.modulate import DbpskBurst, Shape
from radio.dsp.receiver import Receiver
from radio.dsp.report import Decoded
from radio.sigfox.uplink import MessageType, Uplink, encode_uplink

RATE_HZ: Final = 250e3
BAND_HZ: Final = (-96e3, 96e3)
NOISE_PER_HZ: Final = 1e-4 / RATE_HZ
PAYLOAD_BYTES: Final = 12
_EDGE_HZ: Final = 1e3
_FEED_SAMPLES: Final = 10_000

Samples = NDArray[np.complex64]


@dataclass(frozen=True, slots=True)
class Sent:
    """One frame on the air."""

    uplink: Uplink
    rank: int
    burst: DbpskBurst
    snr_db: float

    @property
    def key(self) -> tuple[int, int]:
        """What tells it from all others of a scene."""
        return self.uplink.device_id, self.rank


def frame(
    rng: np.random.Generator, *, first_bit_s: float, carrier_hz: float, snr_db: float, shape: Shape
) -> Sent:
    """A frame of a new device at 100 bps, with a random message of 12 bytes and a random rank."""
    uplink = Uplink(
        device_id=int(rng.integers(1, 2**32)),
        seq_number=int(rng.integers(4096)),
        payload=rng.bytes(PAYLOAD_BYTES),
        message_type=MessageType.BYTES,
    )
    rank = int(rng.integers(1, 4))
    burst = DbpskBurst(
        bits=encode_uplink(uplink, rng.bytes(16), rank),
        bit_rate=100,
        first_bit_s=first_bit_s,
        carrier_hz=carrier_hz,
        drift_hz_per_s=float(rng.uniform(-20, 20)),
        shape=shape,
        clock_ppm=float(rng.uniform(-20, 20)),
        phase_rad=float(rng.uniform(0, 2 * np.pi)),
    )
    return Sent(uplink, rank, burst, snr_db)


def crowd(
    rng: np.random.Generator, *, at_once: int, seconds: float, snr_db: tuple[float, float]
) -> Iterator[Sent]:
    """`at_once` senders, each with one frame after the other, each frame anywhere in the band."""
    for _ in range(at_once):
        first_bit_s = -float(rng.uniform(0, 2))
        while first_bit_s < seconds:
            sent = frame(
                rng,
                first_bit_s=first_bit_s,
                carrier_hz=float(rng.uniform(BAND_HZ[0] + _EDGE_HZ, BAND_HZ[1] - _EDGE_HZ)),
                snr_db=float(rng.uniform(*snr_db)),
                shape=Shape.S2LP,
            )
            yield sent
            first_bit_s = sent.burst.ends_s + 0.02


def rendered(frames: Sequence[Sent], seconds: float) -> Samples:
    """The frames without noise."""
    samples = np.zeros(int(seconds * RATE_HZ), np.complex64)
    for sent in frames:
        burst = sent.burst
        first = max(0, int(burst.begins_s * RATE_HZ))
        last = min(samples.size, int(burst.ends_s * RATE_HZ) + 1)
        if first < last:
            wave = burst.render(first / RATE_HZ, RATE_HZ, last - first)
            samples[first:last] += np.float32(_amplitude(sent)) * wave
    return samples


def _amplitude(sent: Sent) -> float:
    power = 10 ** (sent.snr_db / 10) * NOISE_PER_HZ * sent.burst.bit_rate
    return float(np.sqrt(power / sent.burst.mean_power))


def noise(rng: np.random.Generator, count: int) -> Samples:
    """White noise of NOISE_PER_HZ."""
    per_part = np.float32(np.sqrt(NOISE_PER_HZ * RATE_HZ / 2))
    return (per_part * rng.standard_normal(2 * count, np.float32)).view(np.complex64)


def receive(samples: Samples, bit_rates: tuple[int, ...], *, flush: bool) -> list[Decoded]:
    """What the receiver decodes, fed as it comes from a part."""
    receiver = Receiver(rate_hz=RATE_HZ, center_hz=0.0, bit_rates=bit_rates, bands_hz=(BAND_HZ,))
    events = [
        event
        for start in range(0, samples.size, _FEED_SAMPLES)
        for event in receiver.feed(samples[start : start + _FEED_SAMPLES], start)
    ]
    events += receiver.flush() if flush else []
    return [event for event in events if isinstance(event, Decoded)]


def key_of(decoded: Decoded) -> tuple[int, int]:
    """As `Sent.key`."""
    return decoded.frame.uplink.device_id, decoded.frame.rank
