"""The simulated air as a front end."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Final

from radio.air.airs import AnyAir
from radio.frontend.ports import IqBlock, StreamFacts

# 16 ms at the usual rate: samples wait for the end of their block.
BLOCK_SAMPLES: Final = 1 << 12
# A real part loses samples when nobody takes them; its buffers hold about this much.
_PATIENCE_S: Final = 1.0
# 12 days: further on, a double no longer holds the phase of a carrier to a thousandth of a turn.
_CLOCK_WRAPS_S: Final = 1 << 20


class Simulator:
    """Fits `FrontEnd`. Samples come as fast as real ones, or faster.

    Attributes:
        air: What it renders; a simulated transmitter transmits into it.
        air_begins_s: Second of the air at sample 0 of the newest stream.
    """

    simulated = True

    def __init__(
        self, air: AnyAir, *, speed: float | None = 1.0, follows_clock: bool = False
    ) -> None:
        """Where the air is not to start at its second 0 with each opening, let it follow the clock.

        Args:
            air: What to render.
            speed: 1 is real time; None is as fast as the samples are taken.
            follows_clock: The air is at the second of the wall clock, so that its devices go on
                counting when the program is started again.
        """
        self.air, self._speed, self._follows_clock = air, speed, follows_clock
        self.air_begins_s = 0.0

    @property
    def description(self) -> str:
        """What it is and how fast."""
        pace = "as fast as it goes" if self._speed is None else f"at {self._speed:g} x real time"
        return f"simulated air {pace}"

    @contextmanager
    def open(self) -> Iterator[SimulatedStream]:
        """Start the air."""
        begins_s = datetime.now(UTC).timestamp() % _CLOCK_WRAPS_S if self._follows_clock else 0.0
        stream = SimulatedStream(self.air, self._speed, begins_s)
        self.air_begins_s = stream.begins_s
        yield stream


class SimulatedStream:
    """Fits `SampleStream`: an air that has started."""

    def __init__(self, air: AnyAir, speed: float | None, begins_s: float = 0.0) -> None:
        self.facts = StreamFacts(air.rate_hz, air.center_hz)
        self._air, self._speed = air, speed
        self._begin = round(begins_s * air.rate_hz)

    @property
    def begins_s(self) -> float:
        """Second of the air at sample 0."""
        return self._begin / self._air.rate_hz

    def blocks(self) -> Iterator[IqBlock]:
        """Yield blocks for ever; samples that were not taken in time are lost and counted."""
        began_at = time.monotonic()
        first = lost = 0
        while True:
            if self._speed is not None:
                lost = self._wait(began_at, first, self._speed)
                first += lost
            samples = self._air.render(self._begin + first, BLOCK_SAMPLES)
            yield IqBlock(samples, first, lost, self._captured_at(began_at, first))
            first += BLOCK_SAMPLES

    def _wait(self, began_at: float, first: int, speed: float) -> int:
        """Sleep until the block that starts at `first` is over; return what is lost before it."""
        pace = self._air.rate_hz * speed
        ahead_s = began_at + (first + BLOCK_SAMPLES) / pace - time.monotonic()
        if ahead_s > 0:
            time.sleep(ahead_s)
        return int(-ahead_s * pace) if ahead_s < -_PATIENCE_S else 0

    def _captured_at(self, began_at: float, first: int) -> float:
        if self._speed is None:
            return time.monotonic()
        return began_at + first / (self._air.rate_hz * self._speed)
