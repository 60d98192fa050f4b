"""Noise and occupancy of every kHz of the watched bands, from a fifth of the samples.

Every 200 ms the power of each kHz is measured over 40 ms. Each measurement is one count in the
histogram of its kHz, so that memory does not grow and quantiles can be told.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from radio.dsp.spectra import Complex, fast_size

PERIOD_S: Final = 0.2
WINDOW_S: Final = 0.04
# Power of a busy kHz over its noise. Four bins of a kHz over 40 ms are some 40 independent values:
# noise alone exceeds it once in millions; a frame of 100 bit/s does at 10 dB.
BUSY_DB: Final = 3.0
_BIN_HZ: Final = 250.0
_LOWEST_DB: Final = -220.0
_STEP_DB: Final = 0.5
_STEPS: Final = 600
# As in the receiver: what is larger is no signal, and its square must not become infinite.
_LARGEST_PART: Final = 1e6
_FEWEST: Final = 25


@dataclass(frozen=True, slots=True)
class Levels:
    """What was measured of each kHz; arrays of shape (n,).

    Attributes:
        seconds: How long the measurement took.
        khz: The kHz [k, k + 1), counted from 0 Hz.
        noise_db: Median power, dB over full scale in 1 Hz.
        busy: Share of the time in which the power was `BUSY_DB` above that.
    """

    seconds: float
    khz: NDArray[np.int64]
    noise_db: NDArray[np.float64]
    busy: NDArray[np.float64]


class LevelMeter:
    """Measures a stream of samples.

    Args:
        rate_hz: Sample rate.
        center_hz: Radio frequency at 0 Hz of the samples.
        bands_hz: Radio frequencies to measure, (low, high) each.
    """

    def __init__(
        self, rate_hz: float, center_hz: float, bands_hz: tuple[tuple[float, float], ...]
    ) -> None:
        self._period, self._window = round(PERIOD_S * rate_hz), round(WINDOW_S * rate_hz)
        size = fast_size(rate_hz / _BIN_HZ)
        self._hann = np.hanning(size + 1)[:-1].astype(np.float32)
        self._per_hz = 1 / (float(np.sum(self._hann**2)) * rate_hz)
        frequencies = center_hz + np.fft.fftfreq(size, 1 / rate_hz).astype(np.float64)
        self._bins, self._first, self.khz = _grouped(frequencies, bands_hz)
        self._counts = np.diff(np.append(self._first, self._bins.size))
        self._rows = np.arange(self.khz.size)
        self._histogram = np.zeros((self.khz.size, _STEPS), np.int32)
        self._measured = 0
        self._held = np.zeros(self._window, np.complex64)
        self._begin = self._filled = 0

    def feed(self, samples: Complex, first_sample: int) -> None:
        """Take samples; what is missing between two runs is only not measured."""
        last = first_sample + samples.size - 1
        for number in range(first_sample // self._period, last // self._period + 1):
            self._collect(number * self._period, samples, first_sample)

    def noise_db_at(self, frequency_hz: float) -> float | None:
        """Noise around a frequency, dB over full scale in 1 Hz; None until enough was heard."""
        if self._measured < _FEWEST or not self.khz.size:
            return None
        row = int(np.abs(self.khz + 0.5 - frequency_hz / 1e3).argmin())
        return float(_medians(self._histogram[row : row + 1])[0])

    def take(self) -> Levels | None:
        """What was measured since the last call; None where that is nothing."""
        if not self._measured or not self.khz.size:
            return None
        noise_db = _medians(self._histogram)
        threshold = np.ceil((noise_db + BUSY_DB - _LOWEST_DB) / _STEP_DB)
        above = np.arange(_STEPS) >= threshold[:, None]
        total = np.maximum(self._histogram.sum(axis=1), 1)
        busy = np.where(above, self._histogram, 0).sum(axis=1) / total
        levels = Levels(self._measured * PERIOD_S, self.khz, noise_db, busy)
        self._histogram[:] = 0
        self._measured = 0
        return levels

    def _collect(self, begin: int, samples: Complex, first_sample: int) -> None:
        """Keep what these samples hold of the window that begins at `begin`."""
        low = max(begin, first_sample)
        high = min(begin + self._window, first_sample + samples.size)
        if low >= high:
            return
        if low == begin:
            self._begin, self._filled = begin, 0
        if begin != self._begin or low != begin + self._filled:
            return
        self._held[low - begin : high - begin] = samples[low - first_sample : high - first_sample]
        self._filled = high - begin
        if self._filled == self._window:
            self._measure()

    def _measure(self) -> None:
        parts = self._held.view(np.float32)
        if not self.khz.size or not max(-parts.min(), parts.max()) <= _LARGEST_PART:
            return
        power = self._power()
        if not power.all():
            return  # the zeros of lost samples are no noise
        level_db = 10 * np.log10(power * self._per_hz)
        step = np.clip((level_db - _LOWEST_DB) / _STEP_DB, 0, _STEPS - 1).astype(np.int64)
        self._histogram[self._rows, step] += 1
        self._measured += 1

    def _power(self) -> NDArray[np.float64]:
        """Mean power of each kHz, Hann windowed: shape (n,)."""
        size = self._hann.size
        blocks = np.lib.stride_tricks.sliding_window_view(self._held, size)[:: size // 2]
        spectra = np.fft.fft(blocks * self._hann, axis=1)[:, self._bins]
        per_bin = (spectra.real**2 + spectra.imag**2).mean(axis=0, dtype=np.float64)
        power: NDArray[np.float64] = np.add.reduceat(per_bin, self._first) / self._counts
        return power


def _grouped(
    frequencies: NDArray[np.float64], bands_hz: tuple[tuple[float, float], ...]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """FFT bins in the bands by rising frequency, where each kHz begins among them, and its name."""
    khz = np.floor(frequencies / 1e3).astype(np.int64)
    watched = np.zeros(frequencies.size, np.bool_)
    for low_hz, high_hz in bands_hz:
        watched |= (khz * 1e3 >= low_hz) & ((khz + 1) * 1e3 <= high_hz)
    bins = np.flatnonzero(watched)
    bins = bins[np.argsort(frequencies[bins], kind="stable")]
    names, first = np.unique(khz[bins], return_index=True)
    return bins, first, names


def _medians(histogram: NDArray[np.int32]) -> NDArray[np.float64]:
    """Median of each row in dB, within a step by straight line."""
    running = np.cumsum(histogram, axis=1)
    half = 0.5 * running[:, -1]
    step = np.argmax(running >= half[:, None], axis=1)
    rows = np.arange(step.size)
    inside = histogram[rows, step]
    share = (half - (running[rows, step] - inside)) / np.maximum(inside, 1)
    medians: NDArray[np.float64] = _LOWEST_DB + _STEP_DB * (step + share)
    return medians
