"""Whole messages on the air: three frames of one device, one after the other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from crowd import BAND_HZ, PAYLOAD_BYTES, Sent

from radio.dsp.modulate import DbpskBurst, Shape
from radio.dsp.report import Decoded
from radio.sigfox.uplink import MessageType, Uplink, encode_uplink
from radio.sigfox.zones import FRAME_GAP_S, ZONES

RANKS: Final = (1, 2, 3)
BIT_RATE: Final = 100
LONGEST_GAP_S: Final = 2.0
LARGEST_DRIFT_HZ_PER_S: Final = 20.0
CLOCK_PPM: Final = 20.0
_BUSY_GAP_S: Final = 0.02
_EDGE_HZ: Final = 1e3

Content = tuple[int, int, bytes]
"""Device, sequence number and payload: what a message is known by."""


@dataclass(frozen=True, slots=True)
class Sender:
    """A device while it sends a message.

    Attributes:
        drift_hz_per_s: Of its oscillator, from the first frame to the end of the last.
    """

    device_id: int
    snr_db: float
    drift_hz_per_s: float
    clock_ppm: float
    shape: Shape

    @classmethod
    def new(cls, rng: np.random.Generator, snr_db: float, shape: Shape) -> Sender:
        """Any device."""
        return cls(
            device_id=int(rng.integers(1, 2**32)),
            snr_db=snr_db,
            drift_hz_per_s=float(rng.uniform(-1, 1)) * LARGEST_DRIFT_HZ_PER_S,
            clock_ppm=float(rng.uniform(-1, 1)) * CLOCK_PPM,
            shape=shape,
        )


def message(
    rng: np.random.Generator,
    sender: Sender,
    *,
    first_bit_s: float,
    gap_s: float,
    carriers_hz: Sequence[float],
    bidirectional: bool = False,
) -> list[Sent]:
    """The three frames of a message of 12 bytes; the carrier goes on drifting between them."""
    uplink = Uplink(
        device_id=sender.device_id,
        seq_number=int(rng.integers(4096)),
        payload=rng.bytes(PAYLOAD_BYTES),
        message_type=MessageType.BYTES,
        bidirectional=bidirectional,
    )
    nak, frames, at_s = rng.bytes(16), list[Sent](), first_bit_s
    for rank, carrier_hz in zip(RANKS, carriers_hz, strict=True):
        burst = DbpskBurst(
            bits=encode_uplink(uplink, nak, rank),
            bit_rate=BIT_RATE,
            first_bit_s=at_s,
            carrier_hz=carrier_hz + sender.drift_hz_per_s * (at_s - first_bit_s),
            drift_hz_per_s=sender.drift_hz_per_s,
            shape=sender.shape,
            clock_ppm=sender.clock_ppm,
            phase_rad=float(rng.uniform(0, 2 * np.pi)),
        )
        frames.append(Sent(uplink, rank, burst, sender.snr_db))
        at_s += len(burst.bits) * burst.symbol_s + gap_s
    return frames


def hopping(rng: np.random.Generator, count: int, *, spacing_hz: float) -> Iterator[list[Sent]]:
    """Messages that nobody waits on: each frame anywhere, but no two of the scene as near as that.

    A device keeps its gap, 0 to 2 s; all begin within a second.
    """
    places = (np.arange(len(RANKS) * count) - (len(RANKS) * count - 1) / 2) * spacing_hz
    for chosen in rng.permutation(places).reshape(count, len(RANKS)):
        yield message(
            rng,
            Sender.new(rng, 0.0, Shape.RECT),
            first_bit_s=float(rng.uniform(0.1, 1.1)),
            gap_s=float(rng.uniform(0, LONGEST_GAP_S)),
            carriers_hz=(chosen + rng.uniform(-0.1, 0.1, len(RANKS)) * spacing_hz).tolist(),
        )


def asking(rng: np.random.Generator, count: int) -> Iterator[list[Sent]]:
    """Messages that ask for a downlink: half a second apart, 6 kHz up, 6 kHz down, as in RC1."""
    step_hz = ZONES["RC1"].bidirectional_step_hz
    for place in range(count):
        # Two and two share the three steps, the second half a step beside the first.
        group, second = divmod(place, 2)
        middle_hz = (group - (count // 2 - 1) / 2) * len(RANKS) * step_hz
        first_hz = middle_hz + (second - 0.5) * step_hz / 2 + float(rng.uniform(-300, 300))
        yield message(
            rng,
            Sender.new(rng, 0.0, Shape.RECT),
            first_bit_s=float(rng.uniform(0.1, 1.1)),
            gap_s=FRAME_GAP_S,
            carriers_hz=[first_hz, first_hz + step_hz, first_hz - step_hz],
            bidirectional=True,
        )


def busy(
    rng: np.random.Generator, *, at_once: int, seconds: float, snr_db: tuple[float, float]
) -> Iterator[list[Sent]]:
    """A crowd: `at_once` devices, each sends message after message anywhere in the band."""
    for _ in range(at_once):
        sender = Sender.new(rng, float(rng.uniform(*snr_db)), Shape.S2LP)
        first_bit_s = -float(rng.uniform(0, 6))
        while first_bit_s < seconds:
            frames = message(
                rng,
                sender,
                first_bit_s=first_bit_s,
                gap_s=_BUSY_GAP_S,
                carriers_hz=rng.uniform(BAND_HZ[0] + _EDGE_HZ, BAND_HZ[1] - _EDGE_HZ, 3).tolist(),
            )
            yield frames
            first_bit_s = frames[-1].burst.ends_s + _BUSY_GAP_S


def content_of(uplink: Uplink) -> Content:
    """What the message is known by."""
    return uplink.device_id, uplink.seq_number, uplink.payload


def contents(decoded: Iterable[Decoded]) -> set[Content]:
    """All messages that some decoded frame carries."""
    return {content_of(one.frame.uplink) for one in decoded}
