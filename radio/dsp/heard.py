"""A frame that was heard but did not decode: kept soft, to be joined with its replicas."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from radio.dsp.baseband import Chirp, Integrator
from radio.dsp.demodulate import SoftFrame
from radio.dsp.header import Header
from radio.dsp.report import Undecoded


@dataclass(frozen=True, slots=True)
class Cut:
    """A frame cut out of the stream.

    Attributes:
        position: The bin around which it was cut out.
        chirp: The carrier that was taken away from it, as its header told.
        integrator: Its integrals.
        soft: Its soft states; their carrier is what the chirp left.
    """

    position: int
    chirp: Chirp
    integrator: Integrator
    soft: SoftFrame


@dataclass(frozen=True, slots=True, eq=False)
class Heard:
    """A frame that failed alone.

    Attributes:
        header: What was recognised; start, class and rank are as the whole frame told.
        frame_type_errors: Wrong bits among the 13 of the frame type.
        cut: Its signal.
        states: Body states by weight, as a trellis takes them; shape (body bits,).
        undecoded: What is reported when it is given up.
        others: The same burst read otherwise, where its header left doubts.
    """

    header: Header
    frame_type_errors: int
    cut: Cut
    states: NDArray[np.float32]
    undecoded: Undecoded
    others: tuple[Heard, ...] = ()

    @property
    def readings(self) -> tuple[Heard, ...]:
        """All ways to read this burst, the likeliest first."""
        return (self, *self.others)
