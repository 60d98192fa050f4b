"""A few seconds of air with known frames in it, and the question which of them were decoded."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from radio.dsp.modulate import DbpskBurst, Shape
from radio.dsp.receiver import Receiver
from radio.dsp.report import Decoded, Undecoded
from radio.sigfox.uplink import MessageType, Uplink, encode_uplink

NOISE_PER_HZ = 1e-4 / 250e3
IMPULSES_PER_S = 50.0
Samples = NDArray[np.complex64]


@dataclass(frozen=True)
class Sent:
    """One frame on the air."""

    uplink: Uplink
    rank: int
    first_bit_s: float
    carrier_hz: float
    drift_hz_per_s: float
    snr_db: float


class Scene:
    """White noise, to which frames are added one by one."""

    def __init__(self, seconds: float, *, rate_hz: float = 250e3, seed: int = 0) -> None:
        self.rng = np.random.default_rng(seed)
        self.rate_hz, self.seconds = rate_hz, seconds
        self.samples = white_noise(self.rng, int(seconds * rate_hz), rate_hz)
        self.sent: list[Sent] = []

    def add(
        self,
        *,
        carrier_hz: float,
        first_bit_s: float,
        snr_db: float = 12.0,
        bit_rate: int = 100,
        drift_hz_per_s: float = 0.0,
        shape: Shape = Shape.RECT,
        clock_ppm: float = 0.0,
        payload_bytes: int = 12,
    ) -> Sent:
        """Add one frame of a new device, with a random message and rank."""
        rng = self.rng
        uplink = Uplink(
            device_id=int(rng.integers(1, 2**32)),
            seq_number=int(rng.integers(4096)),
            payload=rng.bytes(payload_bytes),
            message_type=MessageType.BYTES if payload_bytes else MessageType.EMPTY,
        )
        rank = int(rng.integers(1, 4))
        burst = DbpskBurst(
            bits=encode_uplink(uplink, rng.bytes(16), rank),
            bit_rate=bit_rate,
            first_bit_s=first_bit_s,
            carrier_hz=carrier_hz,
            drift_hz_per_s=drift_hz_per_s,
            shape=shape,
            clock_ppm=clock_ppm,
            phase_rad=rng.uniform(0, 2 * np.pi),
        )
        self._render(burst, np.sqrt(10 ** (snr_db / 10) * NOISE_PER_HZ * bit_rate))
        sent = Sent(uplink, rank, first_bit_s, carrier_hz, drift_hz_per_s, snr_db)
        self.sent.append(sent)
        return sent

    def add_message(
        self,
        *,
        carriers_hz: Sequence[float],
        first_bit_s: float,
        gap_s: float,
        snr_db: float | Sequence[float],
        ranks: Sequence[int] = (1, 2, 3),
        shape: Shape = Shape.RECT,
        bidirectional: bool = False,
    ) -> None:
        """Add the frames of one message of a new device, one after the other, each at its carrier.

        One level for all, or one for each.
        """
        rng = self.rng
        device_id, seq_number = int(rng.integers(1, 2**32)), int(rng.integers(4096))
        uplink = Uplink(device_id, seq_number, rng.bytes(12), MessageType.BYTES, bidirectional)
        nak = rng.bytes(16)
        levels = [snr_db] * len(ranks) if isinstance(snr_db, float) else snr_db
        for rank, carrier_hz, level in zip(ranks, carriers_hz, levels, strict=True):
            burst = DbpskBurst(
                bits=encode_uplink(uplink, nak, rank),
                bit_rate=100,
                first_bit_s=first_bit_s,
                carrier_hz=carrier_hz,
                shape=shape,
                phase_rad=rng.uniform(0, 2 * np.pi),
            )
            self._render(burst, np.sqrt(10 ** (level / 10) * NOISE_PER_HZ * 100))
            self.sent.append(Sent(uplink, rank, first_bit_s, carrier_hz, 0.0, level))
            first_bit_s += len(burst.bits) / 100 + gap_s

    def _render(self, burst: DbpskBurst, amplitude: float) -> None:
        power = burst.mean_power
        first = max(0, int(burst.begins_s * self.rate_hz))
        last = min(self.samples.size, int(burst.ends_s * self.rate_hz) + 1)
        wave = burst.render(first / self.rate_hz, self.rate_hz, last - first)
        self.samples[first:last] += np.float32(amplitude / np.sqrt(power)) * wave

    def receive(
        self, *, bit_rates: tuple[int, ...] = (100, 600), chunk: int = 30_011
    ) -> list[Decoded | Undecoded]:
        """What a receiver makes of it, fed in chunks."""
        receiver = Receiver(rate_hz=self.rate_hz, center_hz=0.0, bit_rates=bit_rates)
        events: list[Decoded | Undecoded] = []
        for start in range(0, self.samples.size, chunk):
            events += receiver.feed(self.samples[start : start + chunk], start)
        return events + receiver.flush()


def white_noise(rng: np.random.Generator, count: int, rate_hz: float) -> Samples:
    """Noise of NOISE_PER_HZ."""
    parts = rng.standard_normal(2 * count, np.float32) * np.float32(
        np.sqrt(NOISE_PER_HZ * rate_hz / 2)
    )
    return parts.view(np.complex64)


def add_impulses(scene: Scene, *, over_noise_db: float, length_s: float) -> None:
    """Bursts of wide-band noise at random times."""
    rng, length = scene.rng, max(1, round(length_s * scene.rate_hz))
    level = np.float32(10 ** (over_noise_db / 20))
    count = round(IMPULSES_PER_S * scene.seconds)
    for start in rng.integers(0, scene.samples.size - length, count):
        scene.samples[start : start + length] += level * white_noise(rng, length, scene.rate_hz)


def frames_of(events: list[Decoded | Undecoded]) -> dict[tuple[int, int], Decoded]:
    """Decoded frames by device and rank; a frame decoded twice fails the test."""
    decoded = [event for event in events if isinstance(event, Decoded)]
    frames = {(one.frame.uplink.device_id, one.frame.rank): one for one in decoded}
    assert len(frames) == len(decoded), "a frame was reported twice"
    return frames


def pairs(scene: Scene, events: list[Decoded | Undecoded]) -> Iterator[tuple[Sent, Decoded | None]]:
    """Each frame sent, with what was decoded of it; a frame that nobody sent fails the test."""
    frames = frames_of(events)
    for sent in scene.sent:
        decoded = frames.pop((sent.uplink.device_id, sent.rank), None)
        assert decoded is None or decoded.frame.uplink == sent.uplink
        yield sent, decoded
    assert not frames, "decoded what nobody sent"


def missed(scene: Scene, events: list[Decoded | Undecoded]) -> list[Sent]:
    """Frames sent and not decoded."""
    return [sent for sent, decoded in pairs(scene, events) if decoded is None]
