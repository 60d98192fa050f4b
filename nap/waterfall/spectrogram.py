"""Power over time and frequency of a stream of any length, in a picture of bounded size.

A row begins as 20 ms. When there are too many, two and two become one: by their mean as long as
this only takes noise away, by the larger one where a burst would be thinned out.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from radio.dsp.spectra import fast_size

MOST_ROWS: Final = 2000
MOST_COLUMNS: Final = 1500
FIRST_ROW_S: Final = 0.02
LONGEST_SLICE_S: Final = 0.16
"""Power is averaged over so long; a row of more shows its loudest part."""
BIN_HZ: Final = 120.0
_LEAST_POWER: Final = 1e-30

Power = NDArray[np.float32]


class Spectrogram:
    """Gathers rows of power.

    Args:
        rate_hz: Sample rate.
        band_hz: Lowest and highest frequency shown, relative to the centre of the samples.
        begins_s: Time of the first row.

    Attributes:
        row_s: How long a row is by now.
        columns: How many.
    """

    def __init__(self, *, rate_hz: float, band_hz: tuple[float, float], begins_s: float) -> None:
        self._rate_hz, self._begins_s = rate_hz, begins_s
        self._size = fast_size(rate_hz / BIN_HZ)
        self._window = np.hanning(self._size).astype(np.float32)
        first = int(np.floor((band_hz[0] / rate_hz + 0.5) * self._size))
        last = int(np.ceil((band_hz[1] / rate_hz + 0.5) * self._size))
        self._bins = slice(max(0, first), min(self._size, last))
        count = self._bins.stop - self._bins.start
        self.columns = min(MOST_COLUMNS, count)
        self._edges = (np.arange(self.columns) * count) // self.columns
        self.row_s = FIRST_ROW_S
        self._rows: Power = np.full((MOST_ROWS, self.columns), np.nan, np.float32)
        self._tail: NDArray[np.complex64] = np.zeros(0, np.complex64)
        self._next_sample = 0
        self._slice = 0
        self._sum: NDArray[np.float64] = np.zeros(count)
        self._spectra = 0

    def feed(self, samples: NDArray[np.complex64], first_sample: int) -> None:
        """Take samples; a jump of their numbers is time without samples.

        Args:
            samples: Shape (n,). What is not finite counts as zero.
            first_sample: Index of samples[0] in the stream.
        """
        if first_sample != self._next_sample:
            self._tail = self._tail[:0]
        self._next_sample = first_sample + samples.size
        # Single precision has no room for the squares of what is absurdly large.
        bounded = np.clip(np.nan_to_num(samples.view(np.float32)), -1e6, 1e6).view(np.complex64)
        waiting = np.concatenate((self._tail, bounded))
        count = waiting.size // self._size
        whole = waiting[: count * self._size].reshape(count, self._size)
        self._tail = waiting[count * self._size :]
        begin = self._next_sample - waiting.size
        spectra = np.fft.fftshift(np.fft.fft(whole * self._window, axis=1), axes=1)[:, self._bins]
        power = np.square(spectra.real, dtype=np.float64) + np.square(spectra.imag)
        middles_s = (begin + self._size * (np.arange(count) + 0.5)) / self._rate_hz
        for middle_s, row in zip(middles_s.tolist(), power, strict=True):
            self._add(middle_s - self._begins_s, row)

    def rows_db(self) -> Power:
        """All rows so far in dB over the noise floor (their median); shape (rows, columns).

        Rows without samples are NaN.
        """
        self._finish_slice()
        heard = np.flatnonzero(~np.isnan(self._rows[:, 0]))
        rows = self._rows[: heard[-1] + 1 if heard.size else 1]
        decibels: Power = np.float32(10) * np.log10(np.maximum(rows, np.float32(_LEAST_POWER)))
        if heard.size:
            decibels -= np.float32(np.median(decibels[~np.isnan(rows[:, 0])]))
        return decibels

    @property
    def _slice_s(self) -> float:
        return min(self.row_s, LONGEST_SLICE_S)

    def _add(self, at_s: float, power: NDArray[np.float64]) -> None:
        if at_s < 0:
            return
        if int(at_s / self._slice_s) != self._slice:
            self._finish_slice()
            while at_s >= MOST_ROWS * self.row_s:
                self._fold()
            self._slice = int(at_s / self._slice_s)
        self._sum += power
        self._spectra += 1

    def _finish_slice(self) -> None:
        if self._spectra == 0:
            return
        mean = np.maximum.reduceat(self._sum / self._spectra, self._edges).astype(np.float32)
        row = min(MOST_ROWS - 1, int((self._slice + 0.5) * self._slice_s / self.row_s))
        self._rows[row] = np.fmax(self._rows[row], mean)
        self._sum[:] = 0
        self._spectra = 0

    def _fold(self) -> None:
        """Make one row of two."""
        first, second = self._rows[0::2], self._rows[1::2]
        if self.row_s < LONGEST_SLICE_S:
            both = np.float32(0.5) * (first + second)
            folded = np.where(np.isnan(both), np.fmax(first, second), both)
        else:
            folded = np.fmax(first, second)
        self._rows[: MOST_ROWS // 2] = folded
        self._rows[MOST_ROWS // 2 :] = np.nan
        self.row_s *= 2
