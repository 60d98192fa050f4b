"""What a base station put on the air, as a device's radio gets it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from radio.dsp.waveform import Samples

DEVICE_RATE_HZ: Final = 9_600.0
"""Sixteen samples a symbol."""
_PASSES_HZ: Final = 2_400.0
"""A device's receive filter is some 4.8 kHz wide."""
_STOPS_HZ: Final = 3_600.0
_GRAIN_S: Final = 0.01


@dataclass(slots=True, eq=False)
class OnAir:
    """Samples that left a transmitter.

    Attributes:
        samples: Shape (n,), complex64.
        rate_hz: Of them; a multiple of 100.
        frequency_hz: Where their 0 Hz is.
        starts_s: When the first left, on the time axis of the air.
        stopped_s: The transmitter was stopped then, and what follows did not leave it.
    """

    samples: Samples
    rate_hz: float
    frequency_hz: float
    starts_s: float
    stopped_s: float = math.inf

    @property
    def ends_s(self) -> float:
        """After the last sample."""
        return self.starts_s + len(self.samples) / self.rate_hz

    def received(self, tuned_hz: float) -> Samples:
        """What a device tuned to `tuned_hz` gets, at `DEVICE_RATE_HZ`, from `starts_s` on."""
        grains = -(-len(self.samples) // round(_GRAIN_S * self.rate_hz))
        length = round(grains * _GRAIN_S * self.rate_hz)
        spectrum = np.fft.fft(self._sent(), length)
        bin_hz = self.rate_hz / length
        count = round(grains * _GRAIN_S * DEVICE_RATE_HZ)
        inside_hz = np.fft.fftfreq(count, 1 / DEVICE_RATE_HZ)
        offset_hz = tuned_hz - self.frequency_hz
        shift = round(offset_hz / bin_hz)
        bins = np.rint(inside_hz / bin_hz).astype(int) + shift
        reachable = np.abs(bins) < length // 2
        taken = np.where(reachable, spectrum[bins % length], 0) * _passes(inside_hz)
        narrow = np.fft.ifft(taken) * (count / length)
        residue_hz = offset_hz - shift * bin_hz
        turns = np.exp(-2j * np.pi * residue_hz * np.arange(count) / DEVICE_RATE_HZ)
        received: Samples = (narrow * turns).astype(np.complex64)
        return received

    def _sent(self) -> Samples:
        if self.stopped_s >= self.ends_s:
            return self.samples
        count = max(round((self.stopped_s - self.starts_s) * self.rate_hz), 0)
        sent = self.samples.copy()
        sent[count:] = 0
        return sent


def _passes(inside_hz: np.ndarray) -> np.ndarray:
    """The receive filter: flat, then a half cosine down to nothing."""
    over = (np.abs(inside_hz) - _PASSES_HZ) / (_STOPS_HZ - _PASSES_HZ)
    return np.asarray(0.5 + 0.5 * np.cos(np.pi * np.clip(over, 0, 1)))
