"""The decoder's heartbeat: now and then a frame of our own, added to the samples by arithmetic.

It comes at a known level near the limit, where no device sends: even a device with a wrong
oscillator keeps off the outermost edge of the macro channel. When heartbeats no longer decode, the
receiver has gone deaf, whatever the front end says. A heartbeat is known by all of its bits, which
nobody else can know; it is no frame heard, whatever becomes of it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from radio.dsp.modulate import DbpskBurst
from radio.dsp.patience import given_up_after_s
from radio.dsp.report import Decoded, Undecoded
from radio.dsp.spectra import Complex
from radio.sigfox.uplink import MessageType, Uplink, encode_uplink
from radio.sigfox.zones import Zone

RATE_OVER_S: Final = 3600.0
# From the edge of the macro channel; at 100 bit/s inside of what a device 20 ppm off still leaves
# free, at 600 bit/s as near as a receiver has all of the signal.
_FROM_EDGE_HZ: Final = {100: 700.0, 600: 2500.0}
_JITTER_HZ: Final = 50.0
# The floor must have settled before a level can be told by it.
_FIRST_AFTER_S: Final = 10.0
# Samples come and are worked on in runs.
_RUNS_S: Final = 0.5
_SAME_S: Final = 0.5
_PAYLOAD_BYTES: Final = 12


@dataclass(frozen=True, slots=True)
class Place:
    """Where heartbeats of a zone go."""

    frequency_hz: float
    bit_rate: int


@dataclass(frozen=True, slots=True)
class _Injected:
    """One heartbeat. No device sends the same: 140 of its bits are drawn by chance."""

    uplink: Uplink
    frequency_hz: float
    burst: DbpskBurst

    def is_in(self, event: Decoded | Undecoded) -> bool:
        """Whether this is what was found, or failed."""
        if isinstance(event, Decoded):
            return event.frame.uplink == self.uplink
        near_hz = abs(event.frequency_hz - self.frequency_hz)
        late_s = abs(event.start_s - self.burst.first_bit_s)
        return near_hz < self.burst.bit_rate and late_s < _SAME_S


def places_of(zones: Sequence[Zone], bit_rates: Sequence[int]) -> list[Place]:
    """One place in each zone, at an edge that lies in no other zone."""
    return [_place(zone, zones, bit_rates) for zone in zones]


def _place(zone: Zone, zones: Sequence[Zone], bit_rates: Sequence[int]) -> Place:
    bit_rate = next((rate for rate in zone.bit_rates if rate in bit_rates), bit_rates[0])
    (low, high), inside = zone.band_hz, _FROM_EDGE_HZ[bit_rate]
    others = [other.band_hz for other in zones if other is not zone]
    free = not any(begin <= low + inside <= end for begin, end in others)
    return Place(low + inside if free else high - inside, bit_rate)


class HeartbeatRate:
    """Outcomes of the last hour, over all streams of a worker.

    Attributes:
        injected: Heartbeats of the worker's life whose outcome is known.
        decoded: How many of them were decoded.
    """

    def __init__(self) -> None:
        self.injected = self.decoded = 0
        self._recent: deque[tuple[float, bool]] = deque()

    def note(self, now: float, *, decoded: bool) -> None:
        """One came through, or did not; `now` counts seconds of samples."""
        self.injected += 1
        self.decoded += decoded
        self._recent.append((now, decoded))
        while self._recent[0][0] < now - RATE_OVER_S:
            self._recent.popleft()

    def last_hour(self) -> tuple[int, int]:
        """Injected and decoded."""
        return len(self._recent), sum(decoded for _, decoded in self._recent)


class Heartbeat:
    """Adds heartbeats to one stream and knows them again."""

    def __init__(
        self,
        places: Sequence[Place],
        rate: HeartbeatRate,
        *,
        rate_hz: float,
        center_hz: float,
        every_s: float,
        snr_db: float,
        rng: np.random.Generator,
        sensing_s: float = 0.0,
    ) -> None:
        """Add one every `every_s` seconds of samples, in one place after the other.

        `sensing_s` is the receiver's: it tells how long one that fails is waited for.
        """
        self._places, self._rate, self._rng = places, rate, rng
        self._rate_hz, self._center_hz = rate_hz, center_hz
        self._every_s, self._snr_db, self._sensing_s = every_s, snr_db, sensing_s
        self._count = 0
        self._next_s: float | None = None
        self._pending: _Injected | None = None

    def add_to(
        self, samples: Complex, first_sample: int, noise_db_at: Callable[[float], float | None]
    ) -> Complex:
        """The same samples with what they hold of a heartbeat.

        Args:
            samples: Shape (n,); never changed.
            first_sample: Index of samples[0] in the stream.
            noise_db_at: Noise at a frequency, dB over full scale in 1 Hz; None: not known yet.
        """
        if self._pending is not None:
            return self._with(self._pending.burst, samples, first_sample)
        end_s = (first_sample + samples.size) / self._rate_hz
        if self._next_s is None:
            self._next_s = end_s + _FIRST_AFTER_S
        if end_s >= self._next_s:
            place = self._places[self._count % len(self._places)]
            if (noise_db := noise_db_at(place.frequency_hz)) is not None:
                self._count += 1
                self._next_s = end_s + self._every_s
                self._pending = self._make(place, end_s, noise_db)
        return samples

    def sift(
        self, found: list[Decoded | Undecoded], stream_s: float, now: float
    ) -> list[Decoded | Undecoded]:
        """What the receiver found without what is ours.

        Args:
            found: Of the samples up to `stream_s`.
            stream_s: Seconds of the stream.
            now: Seconds of samples in the life of the worker.
        """
        pending = self._pending
        if pending is None:
            return found
        ours = [event for event in found if pending.is_in(event)]
        decoded = any(isinstance(event, Decoded) for event in ours)
        if decoded or stream_s > self._given_up_s(pending.burst):
            self._rate.note(now, decoded=decoded)
            self._pending = None
        return [event for event in found if event not in ours] if ours else found

    def _given_up_s(self, burst: DbpskBurst) -> float:
        """When the receiver has told of it even if it did not decode."""
        return burst.first_bit_s + given_up_after_s(burst.bit_rate, self._sensing_s) + _RUNS_S

    def _make(self, place: Place, end_s: float, noise_db: float) -> _Injected:
        rng = self._rng
        uplink = Uplink(
            device_id=int(rng.integers(2**32)),
            seq_number=int(rng.integers(2**12)),
            payload=rng.bytes(_PAYLOAD_BYTES),
            message_type=MessageType.BYTES,
        )
        frequency_hz = place.frequency_hz + float(rng.uniform(-_JITTER_HZ, _JITTER_HZ))
        power_db = noise_db + 10 * np.log10(place.bit_rate) + self._snr_db
        burst = DbpskBurst(
            bits=encode_uplink(uplink, rng.bytes(16), rank=1),
            bit_rate=place.bit_rate,
            first_bit_s=end_s + (3 + float(rng.uniform())) / place.bit_rate,
            carrier_hz=frequency_hz - self._center_hz,
            amplitude=float(10 ** (power_db / 20)),
            phase_rad=float(rng.uniform(0, 2 * np.pi)),
        )
        return _Injected(uplink, frequency_hz, burst)

    def _with(self, burst: DbpskBurst, samples: Complex, first_sample: int) -> Complex:
        begin = max(int(burst.begins_s * self._rate_hz) - first_sample, 0)
        end = min(int(burst.ends_s * self._rate_hz) + 1 - first_sample, samples.size)
        if begin >= end:
            return samples
        mixed = samples.copy()
        wave = burst.render((first_sample + begin) / self._rate_hz, self._rate_hz, end - begin)
        mixed[begin:end] += wave
        return mixed
