"""The last seconds of samples in few bytes, to cut clips from."""

from __future__ import annotations

from typing import Final

import numpy as np

from radio.blackbox.reach import Datatype
from radio.dsp.spectra import Complex

# numpy type, value of 0, steps of full scale; as radio.frontend.sample_formats reads them.
_LAYOUTS: Final[dict[Datatype, tuple[str, float, float]]] = {
    "cu8": ("u1", 127.5, 128.0),
    "ci16_le": ("<i2", 0.0, 32768.0),
}
_AT_ONCE: Final = 1 << 16


class SampleRing:
    """Holds the newest samples; what was lost between two runs reads as zero.

    Attributes:
        datatype: As SigMF calls it: cu8 loses nothing of an 8-bit part.
        capacity: Samples.
    """

    def __init__(self, datatype: Datatype, capacity: int) -> None:
        self.datatype, self.capacity = datatype, capacity
        layout, self._zero, self._scale = _LAYOUTS[datatype]
        self._parts = np.zeros((capacity, 2), layout)
        self._lowest, self._highest = np.iinfo(layout).min, np.iinfo(layout).max
        self._end = self._start = 0

    @property
    def start(self) -> int:
        """Stream index of the oldest sample held."""
        return max(self._start, self._end - self.capacity)

    @property
    def end(self) -> int:
        """Stream index after the newest sample."""
        return self._end

    def append(self, samples: Complex, first_sample: int) -> None:
        """Take samples; where the stream went back or far ahead, begin anew."""
        missing = first_sample - self._end
        if missing < 0 or missing >= self.capacity:
            self._start = self._end = first_sample
            missing = 0
        while missing > 0:
            count = min(missing, _AT_ONCE)
            self._put(np.zeros(count, np.complex64))
            missing -= count
        for at in range(max(0, samples.size - self.capacity), samples.size, _AT_ONCE):
            self._end = first_sample + at
            self._put(samples[at : at + _AT_ONCE])

    def cut(self, first: int, last: int) -> bytes:
        """Samples first ≤ index < last as bytes of `datatype`; they must be held."""
        if not self.start <= first <= last <= self._end:
            msg = f"{first} to {last} is not within {self.start} to {self._end}"
            raise ValueError(msg)
        places = first % self.capacity, (first % self.capacity) + last - first
        head = self._parts[places[0] : places[1]]
        tail = self._parts[: max(0, places[1] - self.capacity)]
        return head.tobytes() + tail.tobytes()

    def _put(self, samples: Complex) -> None:
        """Write at most `_AT_ONCE` samples at the end."""
        samples = samples[-self.capacity :]
        steps = np.ascontiguousarray(samples).view(np.float32) * np.float32(self._scale)
        steps += np.float32(self._zero)
        np.rint(steps, out=steps)
        # fmax and fmin also turn what is no number into one.
        np.fmax(steps, np.float32(self._lowest), out=steps)
        np.fmin(steps, np.float32(self._highest), out=steps)
        parts = steps.reshape(-1, 2).astype(self._parts.dtype)
        at = self._end % self.capacity
        room = min(self.capacity - at, samples.size)
        self._parts[at : at + room] = parts[:room]
        self._parts[: samples.size - room] = parts[room:]
        self._end += samples.size
