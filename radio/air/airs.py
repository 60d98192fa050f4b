"""Several zones on the air at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from radio.air.downlinks import OnAir


class AnyAir(Protocol):
    """What a simulator can be given."""

    @property
    def rate_hz(self) -> float:
        """Samples per second."""
        ...

    @property
    def center_hz(self) -> float:
        """Radio frequency at 0 Hz of the samples."""
        ...

    def render(self, first_sample: int, count: int) -> NDArray[np.complex64]:
        """Samples `first_sample` to `first_sample + count`; sample 0 is at 0 s."""
        ...

    def transmit(self, on_air: OnAir) -> None:
        """A base station transmits to the devices."""
        ...


class Airs:
    """Fits `AnyAir`: the sum of several, all of one rate and centre."""

    def __init__(self, airs: Sequence[AnyAir]) -> None:
        self._airs = tuple(airs)
        self.rate_hz, self.center_hz = airs[0].rate_hz, airs[0].center_hz
        if any((air.rate_hz, air.center_hz) != (self.rate_hz, self.center_hz) for air in airs):
            raise ValueError("airs of different rates or centres cannot be added")

    def render(self, first_sample: int, count: int) -> NDArray[np.complex64]:
        """See `AnyAir`."""
        first, *others = self._airs
        samples = first.render(first_sample, count)
        for air in others:
            samples += air.render(first_sample, count)
        return samples

    def transmit(self, on_air: OnAir) -> None:
        """See `AnyAir`."""
        for air in self._airs:
            air.transmit(on_air)
