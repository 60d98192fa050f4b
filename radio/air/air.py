"""The air: all devices and the noise, rendered to samples, with the truth beside them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from radio.air.answers import Answers
from radio.air.device import AirError, Device, Transmission, message
from radio.air.downlinks import OnAir
from radio.air.impairments import Impairments
from radio.dsp.modulate import DbpskBurst
from radio.sigfox.zones import Zone

# Two steps of an 8-bit converter at 250 kS/s: quiet enough for 60 dB above, loud enough to dither.
USUAL_NOISE_DBFS_PER_HZ: Final = -90.0
_NOISE_CHUNK: Final = 1 << 16


class Air:
    """Fits any receiver: the samples of any stretch of time, always the same for a seed.

    Memory is bounded by the messages on the air in the stretch asked for.
    """

    def __init__(
        self,
        devices: Sequence[Device],
        *,
        zone: Zone,
        rate_hz: float,
        center_hz: float | None = None,
        seed: int = 0,
        noise_dbfs_per_hz: float = USUAL_NOISE_DBFS_PER_HZ,
        impairments: Impairments | None = None,
        noisy: bool = True,
    ) -> None:
        """`center_hz` is the zone's where None. Not `noisy`: the noise is that of another air.

        Raises:
            AirError: the samples would not hold the zone's whole band, or a device's bit rate is
                not one of the zone.
        """
        self.rate_hz = rate_hz
        self.center_hz = float(zone.uplink_center_hz if center_hz is None else center_hz)
        low_hz, high_hz = zone.band_hz
        if max(self.center_hz - low_hz, high_hz - self.center_hz) > rate_hz / 2:
            msg = f"{rate_hz} S/s around {self.center_hz} Hz do not hold {zone.name}"
            raise AirError(msg)
        for device in devices:
            if device.bit_rate not in zone.bit_rates:
                msg = f"{zone.name} has no {device.bit_rate} bps: {device.device_id:08x}"
                raise AirError(msg)
        self._devices, self._zone, self._seed = tuple(devices), zone, seed
        self._noise_dbfs_per_hz = noise_dbfs_per_hz
        self._impairments, self._noisy = impairments, noisy
        self._messages: dict[tuple[int, int], list[Transmission]] = {}
        self._answers = Answers(self._devices, zone, seed)
        self._newest: tuple[int, NDArray[np.float32]] | None = None

    def transmissions(self, begin_s: float, end_s: float) -> list[Transmission]:
        """All frames on the air at any moment of the stretch, ramps included, by their start."""
        heard = [
            frame
            for sent in [*self._on_air(begin_s, end_s), self._answers.on_air(begin_s)]
            for frame in sent
            if frame.burst.begins_s < end_s and frame.burst.ends_s > begin_s
        ]
        return sorted(heard, key=lambda frame: frame.burst.first_bit_s)

    def render(self, first_sample: int, count: int) -> NDArray[np.complex64]:
        """Samples `first_sample` to `first_sample + count`; sample 0 is at 0 s."""
        samples = self._noise(first_sample, count)
        self._settle(first_sample / self.rate_hz)
        begin_s, end_s = (at / self.rate_hz for at in (first_sample, first_sample + count))
        for frame in self.transmissions(begin_s, end_s):
            first = max(math.floor(frame.burst.begins_s * self.rate_hz) - first_sample, 0)
            last = min(math.ceil(frame.burst.ends_s * self.rate_hz) - first_sample + 1, count)
            burst = self._as_received(frame)
            at_s = (first_sample + first) / self.rate_hz
            samples[first:last] += burst.render(at_s, self.rate_hz, last - first)
        return samples if self._impairments is None else self._impairments.apply(samples)

    def transmit(self, on_air: OnAir) -> None:
        """A base station transmits to the devices; those who listen hear it once it is over.

        May be called from any thread, and ahead of time.
        """
        self._answers.put(on_air)

    def _settle(self, now_s: float) -> None:
        """Let the devices hear what is over; who confirms counts on from there."""
        changed = self._answers.settle(now_s)
        if changed:
            self._messages = {
                key: sent
                for key, sent in self._messages.items()
                if key[0] not in changed or sent[0].burst.first_bit_s < now_s
            }

    def _as_received(self, frame: Transmission) -> DbpskBurst:
        level_dbfs = self._noise_dbfs_per_hz + 10 * math.log10(frame.bit_rate) + frame.snr_db
        amplitude = math.sqrt(10 ** (level_dbfs / 10) / frame.burst.mean_power)
        return replace(
            frame.burst, carrier_hz=frame.frequency_hz - self.center_hz, amplitude=amplitude
        )

    def _on_air(self, begin_s: float, end_s: float) -> list[list[Transmission]]:
        wanted = {
            (index, number)
            for index, device in enumerate(self._devices)
            for number in device.message_numbers(begin_s, end_s)
        }
        # Kept only while on the air: what follows can always be made again.
        self._messages = {
            key: self._messages.get(key) or self._message(*key) for key in sorted(wanted)
        }
        return list(self._messages.values())

    def _message(self, index: int, number: int) -> list[Transmission]:
        used = self._answers.seq_numbers_used(index, number)
        return message(self._devices[index], self._zone, self._seed, number, used)

    def _noise(self, first_sample: int, count: int) -> NDArray[np.complex64]:
        """White noise that does not depend on how the time is cut into stretches."""
        if not self._noisy:
            return np.zeros(count, np.complex64)
        per_part = math.sqrt(10 ** (self._noise_dbfs_per_hz / 10) * self.rate_hz / 2)
        first_chunk, skipped = divmod(first_sample, _NOISE_CHUNK)
        chunks = range(first_chunk, (first_sample + count - 1) // _NOISE_CHUNK + 1)
        parts = [self._noise_chunk(chunk) for chunk in chunks]
        noise = np.concatenate([np.empty(0, np.float32), *parts]).view(np.complex64)
        return np.float32(per_part) * noise[skipped : skipped + count]

    def _noise_chunk(self, number: int) -> NDArray[np.float32]:
        # The last one is kept: the next stretch mostly begins in it, and making one takes long.
        if self._newest is None or self._newest[0] != number:
            rng = np.random.default_rng((self._seed, _NOISE_CHUNK, number))
            self._newest = number, rng.standard_normal(2 * _NOISE_CHUNK, np.float32)
        return self._newest[1]
