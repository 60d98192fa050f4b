"""What every front end promises, whichever part is behind it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from radio.air.air import Air
from radio.air.device import Device
from radio.frontend.ports import FrontEnd, FrontEndError, IqBlock
from radio.frontend.rtl_tcp import RtlTcp
from radio.frontend.sigmf import Recording
from radio.frontend.sigmf_writer import write_recording
from radio.frontend.simulator import Simulator
from radio.frontend.soapy import Soapy
from radio.settings import RtlTcpSettings, SoapySettings
from radio.sigfox.zones import ZONES
from tests.simulators.rtl_tcp_server import RtlTcpServer

RC1 = ZONES["RC1"]
RATE_HZ = 250_000.0
LIVE = ["rtl_tcp", "simulator"]


@pytest.fixture(params=["recording", "simulator", "fast simulator", "rtl_tcp"])
def front_end(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[FrontEnd]:
    if request.param == "recording":
        write_recording(
            tmp_path / "air",
            [np.full(200_000, 0.5 + 0.25j, np.complex64)],
            rate_hz=RATE_HZ,
            center_hz=RC1.uplink_center_hz,
        )
        yield Recording(tmp_path / "air")
    elif request.param == "rtl_tcp":
        with RtlTcpServer(RATE_HZ).serving() as server:
            settings = RtlTcpSettings(port=server.port, rate_hz=RATE_HZ)
            yield RtlTcp(settings, center_hz=RC1.uplink_center_hz, settling_s=0.05)
    else:
        sensor = Device(device_id=1, bit_rate=600, snr_db=20.0, interval_s=5.0)
        air = Air([sensor], zone=RC1, rate_hz=RATE_HZ)
        yield Simulator(air, speed=None if request.param.startswith("fast") else 1.0)


@pytest.fixture
def is_live(request: pytest.FixtureRequest) -> bool:
    return request.node.callspec.params["front_end"] in LIVE


def first_blocks(front_end: FrontEnd, count: int) -> list[IqBlock]:
    with front_end.open() as stream:
        return list(islice(stream.blocks(), count))


def test_facts_are_those_that_were_asked_for(front_end: FrontEnd) -> None:
    with front_end.open() as stream:
        assert stream.facts.rate_hz == RATE_HZ
        assert stream.facts.center_hz == RC1.uplink_center_hz
    assert front_end.description
    assert isinstance(front_end.simulated, bool)


def test_blocks_follow_one_another(front_end: FrontEnd) -> None:
    blocks = first_blocks(front_end, 3)
    assert len(blocks) == 3
    expected = 0
    for block in blocks:
        assert block.samples.dtype == np.complex64
        assert block.samples.ndim == 1
        assert np.abs(block.samples).max() <= 1.5
        assert block.first_sample == expected + block.lost_before
        assert block.lost_before == 0
        expected = block.first_sample + len(block.samples)


def test_live_samples_know_when_they_were_taken(front_end: FrontEnd, *, is_live: bool) -> None:
    before_at = time.monotonic()
    blocks = first_blocks(front_end, 3)
    after_at = time.monotonic()
    for block in blocks:
        if not is_live:
            assert block.captured_at is None or before_at <= block.captured_at <= after_at
            continue
        assert block.captured_at is not None
        assert before_at - 1 <= block.captured_at <= after_at
        since_first_s = block.captured_at - (blocks[0].captured_at or 0)
        assert since_first_s == pytest.approx(block.first_sample / RATE_HZ, abs=0.25)


def test_it_can_be_opened_again_and_starts_at_sample_0(front_end: FrontEnd) -> None:
    for _ in range(2):
        assert first_blocks(front_end, 1)[0].first_sample == 0


def test_an_error_inside_still_closes_it(front_end: FrontEnd) -> None:
    def use_and_fail() -> None:
        with front_end.open() as stream:
            next(stream.blocks())
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        use_and_fail()
    assert first_blocks(front_end, 1)


@pytest.mark.parametrize(
    "absent",
    [
        Recording(Path("/nonexistent/recording")),
        RtlTcp(RtlTcpSettings(port=1), center_hz=1.0),
        Soapy(SoapySettings(device="driver=absent"), center_hz=1.0),
        Soapy(SoapySettings(device="driver=null"), center_hz=1.0),
    ],
    ids=lambda part: part.description,
)
def test_an_absent_part_is_a_front_end_error_that_names_it(absent: FrontEnd) -> None:
    with pytest.raises(FrontEndError) as caught, absent.open():
        pass
    assert str(caught.value).startswith(absent.description.removeprefix("recording "))


def test_only_real_parts_pass_as_real(front_end: FrontEnd) -> None:
    assert front_end.simulated == (not isinstance(front_end, RtlTcp | Soapy))
