"""A frame that was heard but did not decode: kept soft, to be joined with its replicas."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from radio.dsp.baseband import Integrator
from radio.dsp.demodulate import SoftFrame
from radio.dsp.header import Header
from radio.dsp.report import Undecoded


@dataclass(frozen=True, slots=True)
class Cut:
    """A frame cut out of the stream: around which bin, its integrals, its soft states."""

    position: int
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
    """

    header: Header
    frame_type_errors: int
    cut: Cut
    states: NDArray[np.float32]
    undecoded: Undecoded
