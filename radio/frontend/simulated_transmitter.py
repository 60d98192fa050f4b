"""A transmitter into the simulated air."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from radio.air.downlinks import OnAir
from radio.frontend.ports import Burst, MissedError, StreamClock, TransmitError
from radio.frontend.simulator import Simulator

_LOOK_EVERY_S: Final = 0.002


class SimulatedTransmitter:
    """Fits `Transmitter`. What it sends reaches the devices of the simulator's air."""

    simulated = True

    def __init__(self, simulator: Simulator, *, rate_hz: float) -> None:
        self._simulator, self._rate_hz = simulator, rate_hz

    @property
    def description(self) -> str:
        """Where it transmits."""
        return "simulated transmitter"

    @contextmanager
    def open(self) -> Iterator[SimulatedSink]:
        """Nothing can go wrong."""
        yield SimulatedSink(self._simulator, self._rate_hz)


class SimulatedSink:
    """Fits `SampleSink`: a burst is put on the air ahead of its time, and may be cut short."""

    def __init__(self, simulator: Simulator, rate_hz: float) -> None:
        self._simulator, self.rate_hz = simulator, rate_hz

    def transmit(self, burst: Burst, clock: StreamClock, allowed: Callable[[], bool]) -> float:
        """See SampleSink."""
        if not allowed():
            raise TransmitError("stopped before it began")
        starts_s = max(burst.starts_s, clock.now_s())
        if starts_s > burst.latest_s:
            msg = f"{starts_s - burst.starts_s:.1f} s late"
            raise MissedError(msg)
        begins_s = self._simulator.air_begins_s
        on_air = OnAir(burst.samples, burst.rate_hz, burst.frequency_hz, begins_s + starts_s)
        self._simulator.air.transmit(on_air)
        while (now_s := clock.now_s() + begins_s) < on_air.ends_s:
            if not allowed():
                on_air.stopped_s = now_s
                raise TransmitError("stopped half-way")
            time.sleep(_LOOK_EVERY_S)
        return starts_s
