"""The receiver: samples in, decoded frames out, for every burst in the watched band at once.

It is sans-I/O: feed it consecutive samples in runs of any length; time is the sample count.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from radio.dsp.acquire import LONGEST_STATES
from radio.dsp.blanker import Blanker
from radio.dsp.rate_receiver import Band, RateReceiver
from radio.dsp.report import Decoded, Undecoded
from radio.dsp.spectra import Complex, Grid

# Zeros stand in for lost samples up to this long; after a longer gap the stream begins anew.
LONGEST_GAP_S: Final = 1.0
# Recordings of floats may have any scale; this leaves room for the squares of sums in float32.
LARGEST_PART: Final = 1e6
# Samples are worked on in runs of this length: shorter ones cost time for their calls, in longer
# ones a frame that ended waits. Always the same, so that it does not matter how samples come.
RUN_S: Final = 0.04
# From the end of a frame until it is decoded, in the slowest case that is worth waiting for.
READ_S: Final = 0.5
_ZEROS_AT_ONCE: Final = 1 << 16


class Receiver:
    """Finds and decodes all uplink frames in a stream of samples.

    Args:
        rate_hz: Sample rate, at least 20 times the highest bit rate.
        center_hz: Radio frequency at 0 Hz of the samples.
        bit_rates: Bit rates to listen for.
        bands_hz: Radio frequencies to watch, each (low, high); a frame where two bands overlap
            is reported once. None watches all that was sampled.
        sensing_s: Devices may listen before they talk for so long, over all frames of a message:
            the longest of the bands watched.

    Raises:
        ValueError: a band lies outside what was sampled.
    """

    def __init__(
        self,
        *,
        rate_hz: float,
        center_hz: float,
        bit_rates: tuple[int, ...] = (100, 600),
        bands_hz: tuple[Band, ...] | None = None,
        sensing_s: float = 0.0,
    ) -> None:
        half = rate_hz / 2
        if bands_hz is None:
            bands_hz = ((center_hz - half, center_hz + half),)
        inside = [_inside(band, center_hz - half, center_hz + half) for band in bands_hz]
        self._bands_hz = tuple((low - center_hz, high - center_hz) for low, high in _merged(inside))
        self._rate_hz, self._center_hz, self._bit_rates = rate_hz, center_hz, bit_rates
        self._sensing_s = sensing_s
        hop = Grid.cover(rate_hz, min(bit_rates), -half, half).hop
        self._run = max(1, round(RUN_S * rate_hz / hop)) * hop
        self._next_sample = 0
        self._blanked_before = self._candidates_before = 0
        self._blanker = Blanker(rate_hz)
        self._waiting: Complex = np.zeros(0, np.complex64)
        self._rates: list[RateReceiver] = []
        self._begin(0)

    @property
    def blanked_samples(self) -> int:
        """How many samples were cut out because they held impulses."""
        return self._blanked_before + self._blanker.blanked_samples

    @property
    def candidates(self) -> int:
        """Places that looked like a preamble: the work that the air made."""
        return self._candidates_before + sum(rate.candidates for rate in self._rates)

    @property
    def noise_dbfs_per_hz(self) -> float | None:
        """Noise floor, median over the bands; None until enough was heard."""
        floor = self._rates[0].floor_dbfs_per_hz
        return float(np.median(floor)) if floor.size else None

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
        found = self._advance(np.concatenate((self._waiting, self._blanker.flush())))
        self._waiting = self._waiting[:0]
        silence = np.zeros(self._run, np.complex64)
        for _ in range(-(-max(rate.longest_wait for rate in self._rates) // self._run)):
            found += self._advance(silence)
        return found + [event for rate in self._rates for event in rate.flush()]

    def _begin(self, first_sample: int) -> None:
        self._next_sample = first_sample
        self._blanked_before, self._candidates_before = self.blanked_samples, self.candidates
        self._blanker = Blanker(self._rate_hz)
        self._waiting = np.zeros(0, np.complex64)
        # Until a frame of the slowest bit rate is over and read, all others remember its beginning.
        hold_s = LONGEST_STATES / min(self._bit_rates) + READ_S if len(self._bit_rates) > 1 else 0.0
        self._rates = [
            RateReceiver(
                rate_hz=self._rate_hz,
                center_hz=self._center_hz,
                bit_rate=bit_rate,
                bands_hz=self._bands_hz,
                first_sample=first_sample,
                hold_s=hold_s,
                sensing_s=self._sensing_s,
            )
            for bit_rate in self._bit_rates
        ]

    def _take(self, samples: Complex) -> list[Decoded | Undecoded]:
        self._next_sample += samples.size
        waiting = np.concatenate((self._waiting, self._blanker.take(samples)))
        whole = waiting.size - waiting.size % self._run
        self._waiting = waiting[whole:]
        return [
            event
            for start in range(0, whole, self._run)
            for event in self._advance(waiting[start : start + self._run])
        ]

    def _advance(self, samples: Complex) -> list[Decoded | Undecoded]:
        events: list[Decoded | Undecoded] = []
        for rate in self._rates:
            events += rate.feed(samples)
            self._tell_others(rate)
        return events

    def _tell_others(self, rate: RateReceiver) -> None:
        """What one bit rate has found may stand over frames of the others."""
        covers, company = rate.recognised(), rate.with_company()
        for other in self._rates:
            if other.bit_rate > rate.bit_rate:
                other.cover(covers)
            if other is not rate:
                for known in company:
                    other.take_out(known)


def _inside(band: Band, low: float, high: float) -> Band:
    inside = max(band[0], low), min(band[1], high)
    if inside[0] >= inside[1]:
        msg = f"the band {band} lies outside {low} to {high} Hz"
        raise ValueError(msg)
    return inside


def _merged(bands: list[Band]) -> list[Band]:
    """The same frequencies in bands that do not overlap."""
    rising = sorted(bands)
    merged = rising[:1]
    for low, high in rising[1:]:
        if low <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(merged[-1][1], high)
        else:
            merged.append((low, high))
    return merged


def _bounded(samples: Complex) -> Complex:
    """The samples, what is not a number as zero and what is far beyond full scale cut off."""
    parts = samples.view(np.float32)
    if parts.size == 0 or max(-parts.min(), parts.max()) <= LARGEST_PART:
        return samples
    clean = np.clip(np.nan_to_num(parts, nan=0.0), -LARGEST_PART, LARGEST_PART)
    return clean.view(np.complex64)
