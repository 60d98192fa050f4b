"""How samples lie in files and on sockets, by their SigMF names, and the way to complex64."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

_NAME: Final = re.compile(r"c(?P<kind>[fiu])(?P<bits>8|16|32|64)(?P<order>_le|_be)?")
_KNOWN: Final = {"f32", "f64", "i8", "i16", "i32", "u8", "u16", "u32"}
# Far above any scale in use, and its square still far below what a float32 holds: a hostile
# recording must not turn sums of power into infinity.
_LARGEST: Final = 1e6
_SINGLE: Final = 2.0**16


@dataclass(frozen=True, slots=True)
class SampleFormat:
    """One kind of complex sample.

    Attributes:
        name: As SigMF writes it, cf32_le for example.
        part: numpy type of the in-phase and of the quadrature part.
    """

    name: str
    part: np.dtype[np.floating | np.integer]

    @property
    def bytes_per_sample(self) -> int:
        """Both parts together."""
        return 2 * self.part.itemsize

    def read(self, raw: bytes | memoryview) -> NDArray[np.complex64]:
        """Turn whole samples into complex64; integers are scaled to full scale 1.

        Not-a-number becomes 0 and infinity a large number, so that neither spreads.
        """
        parts = np.frombuffer(raw, self.part)
        if self.part.kind == "f":
            return _tame(parts).view(np.complex64)
        middle, half = self._scale()
        # Single precision cannot hold the middle of 32-bit steps.
        scaled = np.subtract(parts, middle, dtype=np.float64 if half > _SINGLE else np.float32)
        scaled /= half
        return scaled.astype(np.float32, copy=False).view(np.complex64)

    def write(self, samples: NDArray[np.complex64]) -> bytes:
        """The reverse of `read`; what exceeds full scale is clipped in integer formats."""
        parts = np.ascontiguousarray(samples, np.complex64).view(np.float32)
        if self.part.kind == "f":
            return parts.astype(self.part).tobytes()
        middle, half = self._scale()
        steps = np.rint(parts.astype(np.float64) * half + middle)
        top = 2 * half - 1 if middle else half - 1
        return np.clip(steps, top + 1 - 2 * half, top).astype(self.part).tobytes()

    def _scale(self) -> tuple[float, float]:
        half = 2.0 ** (8 * self.part.itemsize - 1)
        return (half - 0.5 if self.part.kind == "u" else 0.0), half


def sample_format(name: str) -> SampleFormat:
    """The format that SigMF calls `name`.

    Raises:
        ValueError: it is none, or one without a quadrature part.
    """
    match = _NAME.fullmatch(name)
    if match is None or match["kind"] + match["bits"] not in _KNOWN:
        hint = "; real samples have no frequency sign" if name.startswith("r") else ""
        msg = f"{name!r} is no complex sample format, such as cf32_le, ci16_le, ci8 or cu8{hint}"
        raise ValueError(msg)
    order = ">" if match["order"] == "_be" else "<"
    return SampleFormat(name, np.dtype(f"{order}{match['kind']}{int(match['bits']) // 8}"))


def _tame(parts: NDArray[np.floating | np.integer]) -> NDArray[np.float32]:
    with np.errstate(invalid="ignore"):
        tamed: NDArray[np.float32] = np.clip(parts, -_LARGEST, _LARGEST).astype(np.float32)
    tamed[np.isnan(tamed)] = 0
    return tamed
