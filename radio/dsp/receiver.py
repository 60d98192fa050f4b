"""The receiver: samples in, decoded frames out, for every burst in the watched band at once.

It is sans-I/O: feed it consecutive samples in runs of any length; time is the sample count.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from radio.dsp.chain import Chain
from radio.dsp.report import Decoded, Undecoded
from radio.dsp.spectra import Complex

# Zeros stand in for lost samples up to this long; after a longer gap the stream begins anew.
LONGEST_GAP_S: Final = 1.0
# Recordings of floats may have any scale; this leaves room for the squares of sums in float32.
LARGEST_PART: Final = 1e6
_ZEROS_AT_ONCE: Final = 1 << 16


class Receiver:
    """Finds and decodes all uplink frames in a stream of samples.

    Args:
        rate_hz: Sample rate, at least 20 times the highest bit rate.
        center_hz: Radio frequency at 0 Hz of the samples.
        bit_rates: Bit rates to listen for.
        band_hz: Radio frequencies to watch, (low, high); None watches all that was sampled.
    """

    def __init__(
        self,
        *,
        rate_hz: float,
        center_hz: float,
        bit_rates: tuple[int, ...] = (100, 600),
        band_hz: tuple[float, float] | None = None,
    ) -> None:
        half = rate_hz / 2
        low, high = (-half, half) if band_hz is None else (b - center_hz for b in band_hz)
        self._band_hz = max(low, -half), min(high, half)
        if self._band_hz[0] >= self._band_hz[1]:
            msg = f"the band {band_hz} lies outside {center_hz - half} to {center_hz + half} Hz"
            raise ValueError(msg)
        self._rate_hz, self._center_hz, self._bit_rates = rate_hz, center_hz, bit_rates
        self._next_sample = 0
        self._chains: list[Chain] = []
        self._begin(0)

    @property
    def noise_dbfs_per_hz(self) -> float | None:
        """Noise floor, median over the band; None until enough was heard."""
        return self._chains[0].noise_dbfs_per_hz

    def feed(self, samples: Complex, first_sample: int) -> list[Decoded | Undecoded]:
        """Take a run of samples; return what it completed, in no particular order.

        Args:
            samples: Shape (n,), complex64, full scale 1.0. What is not finite counts as zero.
            first_sample: Index of samples[0] in the stream; a jump forward means lost samples.
        """
        found: list[Decoded | Undecoded] = []
        gap = first_sample - self._next_sample
        if gap > LONGEST_GAP_S * self._rate_hz or gap < 0:
            found += self.flush()
            self._begin(first_sample)
        while (gap := first_sample - self._next_sample) > 0:
            found += self._take(np.zeros(min(gap, _ZEROS_AT_ONCE), np.complex64))
        return found + self._take(_bounded(samples))

    def flush(self) -> list[Decoded | Undecoded]:
        """Try what is still pending as if silence followed; the stream has ended."""
        return [event for chain in self._chains for event in chain.flush()]

    def _begin(self, first_sample: int) -> None:
        self._next_sample = first_sample
        self._chains = [
            Chain(
                rate_hz=self._rate_hz,
                center_hz=self._center_hz,
                bit_rate=bit_rate,
                band_hz=self._band_hz,
                first_sample=first_sample,
            )
            for bit_rate in self._bit_rates
        ]

    def _take(self, samples: Complex) -> list[Decoded | Undecoded]:
        self._next_sample += samples.size
        return [event for chain in self._chains for event in chain.feed(samples)]


def _bounded(samples: Complex) -> Complex:
    """The samples, what is not a number as zero and what is far beyond full scale cut off."""
    parts = samples.view(np.float32)
    if parts.size == 0 or max(-parts.min(), parts.max()) <= LARGEST_PART:
        return samples
    clean = np.clip(np.nan_to_num(parts, nan=0.0), -LARGEST_PART, LARGEST_PART)
    return clean.view(np.complex64)
