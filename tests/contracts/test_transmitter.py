"""What every transmitter promises, whichever part is behind it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import pytest

from radio.air.air import Air
from radio.frontend.ports import Burst, MissedError, SampleSink, TransmitError, Transmitter
from radio.frontend.simulated_transmitter import SimulatedTransmitter
from radio.frontend.simulator import Simulator
from radio.frontend.soapy_library import SYSTEM_PACKAGES
from radio.frontend.soapy_transmitter import SoapySink, SoapyTransmitter
from radio.settings import SoapySettings
from radio.sigfox.zones import ZONES
from radio.transmit_settings import TransmitSettings
from tests.simulators.soapy_part import SIMULATED_SOAPY, SoapyPart

RATE_HZ = 250_000.0
LENGTH_S = 0.1
TONE = np.full(round(LENGTH_S * RATE_HZ), 0.5, np.complex64)


class WallClock:
    """Time since it was made."""

    def __init__(self) -> None:
        self._began_at = time.monotonic()

    def now_s(self) -> float:
        return time.monotonic() - self._began_at


@dataclass
class Bench:
    """An open transmitter, and how many seconds really left it."""

    sink: SampleSink
    emitted_s: Callable[[], float]


@pytest.fixture(params=["simulator", "soapy", "soapy with a clock"])
def bench(request: pytest.FixtureRequest) -> Iterator[Bench]:
    if request.param == "simulator":
        air = Air([], zone=ZONES["RC1"], rate_hz=RATE_HZ)
        with SimulatedTransmitter(Simulator(air), rate_hz=RATE_HZ).open() as sink:
            yield Bench(
                sink,
                lambda: sum(
                    max(min(one.stopped_s, one.ends_s) - one.starts_s, 0)
                    for one in air._answers._inbox
                ),
            )
    else:
        part = SoapyPart(timed=request.param == "soapy with a clock", rate_hz=RATE_HZ)
        with SoapySink.opened(SIMULATED_SOAPY, part, "part", RATE_HZ) as soapy_sink:  # type: ignore[arg-type]
            yield Bench(soapy_sink, lambda: part.emitted_s)
            assert not part.active


def burst(starts_s: float, latest_s: float = 100.0) -> Burst:
    return Burst(TONE, RATE_HZ, 869.5e6, starts_s, latest_s)


def test_a_burst_leaves_whole_and_never_before_its_time(bench: Bench) -> None:
    clock = WallClock()
    started_s = bench.sink.transmit(burst(0.3), clock, lambda: True)
    assert started_s >= 0.3
    assert clock.now_s() >= started_s + LENGTH_S
    assert bench.emitted_s() == pytest.approx(LENGTH_S, abs=1e-3)


def test_one_that_is_late_but_in_time_begins_at_once(bench: Bench) -> None:
    clock = WallClock()
    started_s = bench.sink.transmit(burst(-3.0), clock, lambda: True)
    assert 0 <= started_s <= clock.now_s()
    assert bench.emitted_s() == pytest.approx(LENGTH_S, abs=1e-3)


def test_one_that_is_too_late_never_leaves(bench: Bench) -> None:
    with pytest.raises(MissedError):
        bench.sink.transmit(burst(-3.0, latest_s=-1.0), WallClock(), lambda: True)
    assert bench.emitted_s() == 0


def test_where_it_is_not_allowed_nothing_leaves(bench: Bench) -> None:
    with pytest.raises(TransmitError):
        bench.sink.transmit(burst(0.0), WallClock(), lambda: False)
    assert bench.emitted_s() == 0


def test_one_that_is_stopped_half_way_ends_there_and_the_next_is_whole(bench: Bench) -> None:
    clock = WallClock()
    with pytest.raises(TransmitError):
        bench.sink.transmit(burst(0.2), clock, lambda: clock.now_s() < 0.23)
    left_s = bench.emitted_s()
    assert left_s < LENGTH_S
    bench.sink.transmit(burst(0.0), clock, lambda: True)
    assert bench.emitted_s() - left_s == pytest.approx(LENGTH_S, abs=1e-3)


def soapy_transmitter(receiver: str, **settings: object) -> SoapyTransmitter:
    transmit = TransmitSettings(**settings)  # type: ignore[arg-type]
    return SoapyTransmitter(transmit, SoapySettings(device=receiver))


@pytest.mark.skipif(
    not (SYSTEM_PACKAGES / "SoapySDR.py").exists(), reason="python3-soapysdr is not installed"
)
@pytest.mark.parametrize(
    ("part", "said"),
    [
        (soapy_transmitter("driver=absent"), "driver=absent: .*no match"),
        (soapy_transmitter("driver=null"), "driver=null: the part only receives"),
        (soapy_transmitter("driver=absent", device="driver=null"), "driver=null: the part only"),
    ],
)
def test_a_part_that_cannot_transmit_is_named(part: Transmitter, said: str) -> None:
    with pytest.raises(TransmitError, match=said), part.open():
        pass


@pytest.mark.parametrize(
    ("code", "status", "said"), [(-1, -5, "part: TIMEOUT"), (0, -6, "part: TIME_ERROR")]
)
def test_what_a_driver_complains_of_is_the_error_of_the_port(
    code: int, status: int, said: str
) -> None:
    part = SoapyPart(timed=True, rate_hz=RATE_HZ, code=code, status=status)
    with (
        SoapySink.opened(SIMULATED_SOAPY, part, "part", RATE_HZ) as sink,  # type: ignore[arg-type]
        pytest.raises(TransmitError, match=said),
    ):
        sink.transmit(burst(0.0), WallClock(), lambda: True)
    assert not part.active


def test_a_part_gets_no_more_samples_once_it_is_stopped() -> None:
    part = SoapyPart(timed=True, rate_hz=RATE_HZ)
    with (
        SoapySink.opened(SIMULATED_SOAPY, part, "part", RATE_HZ) as sink,  # type: ignore[arg-type]
        pytest.raises(TransmitError),
    ):
        sink.transmit(burst(0.0), WallClock(), lambda: part.written == 0)
    assert part.written == 3_000


def test_the_part_is_tuned_for_each_burst_and_set_to_its_least_gain() -> None:
    part = SoapyPart(timed=False)
    transmitter = soapy_transmitter("driver=simulated")
    rate_hz = transmitter._set_up(SIMULATED_SOAPY, part)  # type: ignore[arg-type]
    assert (rate_hz, part.gain_db) == (RATE_HZ, -10.0)
    with SoapySink.opened(SIMULATED_SOAPY, part, "part", rate_hz) as sink:  # type: ignore[arg-type]
        sink.transmit(burst(0.0), WallClock(), lambda: True)
    assert part.tuned_hz == 869.5e6


def test_only_real_parts_pass_as_real() -> None:
    air = Air([], zone=ZONES["RC1"], rate_hz=RATE_HZ)
    assert SimulatedTransmitter(Simulator(air), rate_hz=RATE_HZ).simulated
    assert not soapy_transmitter("driver=null").simulated
