"""The rtl_tcp client against a server with good and bad days."""

from __future__ import annotations

import time
from itertools import islice

import numpy as np
import pytest

from radio.frontend.ports import FrontEndError
from radio.frontend.rtl_tcp import SILENCE_S, RtlTcp
from radio.settings import RtlTcpSettings
from tests.simulators.rtl_tcp_server import Misbehaviour, RtlTcpServer

RATE_HZ = 250_000.0
BLOCK_BYTES = 32_768


def client(server: RtlTcpServer, **settings: float) -> RtlTcp:
    asked = RtlTcpSettings(port=server.port, rate_hz=RATE_HZ, **settings)  # type: ignore[arg-type]
    return RtlTcp(asked, center_hz=868_130_000.0, settling_s=0.0)


def test_the_tuner_is_set_before_samples_are_taken() -> None:
    with RtlTcpServer(RATE_HZ).serving() as server:
        part = client(server, gain_db=32.8, frequency_correction_ppm=-7)
        with part.open() as stream:
            block = next(stream.blocks())
            assert stream.tuner == "R820T"
        assert server.commands == [
            (0x02, 250_000),
            (0x05, 2**32 - 7),
            (0x01, 868_130_000),
            (0x03, 1),
            (0x04, 328),
        ]
        expected = (np.arange(100) - 127.5) / 128
        np.testing.assert_allclose(block.samples.real[:100], expected, atol=1e-6)


def test_without_a_gain_the_tuner_chooses_it() -> None:
    with RtlTcpServer(RATE_HZ).serving() as server:
        with client(server).open() as stream:
            next(stream.blocks())
        assert server.commands[-1] == (0x03, 0)


def test_samples_from_before_the_tuning_are_thrown_away() -> None:
    with RtlTcpServer(RATE_HZ).serving() as server:
        asked = RtlTcpSettings(port=server.port, rate_hz=RATE_HZ)
        began_at = time.monotonic()
        with RtlTcp(asked, center_hz=1.0, settling_s=0.3).open() as stream:
            next(stream.blocks())
        assert time.monotonic() - began_at >= 0.3


@pytest.mark.parametrize("kind", ["stall_after_bytes", "trickle_after_bytes"])
def test_a_stalled_stream_is_noticed_in_two_seconds(kind: str) -> None:
    wrong = Misbehaviour(**{kind: 2 * BLOCK_BYTES})  # type: ignore[arg-type]
    with RtlTcpServer(RATE_HZ, wrong).serving() as server, client(server).open() as stream:
        blocks = stream.blocks()
        next(blocks)
        next(blocks)
        heard_at = time.monotonic()
        with pytest.raises(FrontEndError, match=r"rtl_tcp 127\.0\.0\.1:\d+: no samples for 2 s"):
            list(islice(blocks, 2))
        assert time.monotonic() - heard_at < SILENCE_S + 3


def test_a_closed_connection_is_a_front_end_error_and_may_be_opened_again() -> None:
    wrong = Misbehaviour(close_after_bytes=2 * BLOCK_BYTES)
    with RtlTcpServer(RATE_HZ, wrong).serving() as server:
        part = client(server)
        for _ in range(2):
            with part.open() as stream, pytest.raises(FrontEndError):
                list(stream.blocks())
        assert len(server.connected_at) == 2


@pytest.mark.parametrize("greeting", [b"HTTP/1.1 400", b"SSH-2.0-Open", bytes(12)])
def test_somebody_else_on_the_port_is_refused(greeting: bytes) -> None:
    wrong = Misbehaviour(greeting=greeting)
    with (
        RtlTcpServer(RATE_HZ, wrong).serving() as server,
        pytest.raises(FrontEndError, match="which no rtl_tcp does"),
        client(server).open(),
    ):
        pass


def test_a_server_that_says_nothing_is_given_up() -> None:
    wrong = Misbehaviour(greeting=b"RTL0", stall_after_bytes=0)
    with (
        RtlTcpServer(RATE_HZ, wrong).serving() as server,
        pytest.raises(FrontEndError, match="no samples for 2 s"),
        client(server).open(),
    ):
        pass


def test_samples_that_the_server_dropped_are_counted() -> None:
    dropped = 60_000
    wrong = Misbehaviour(drop_at_bytes=BLOCK_BYTES, drop_bytes=2 * dropped)
    with RtlTcpServer(RATE_HZ, wrong).serving() as server, client(server).open() as stream:
        lost = 0
        for block in stream.blocks():
            lost += block.lost_before
            if block.first_sample > 4.5 * RATE_HZ:
                break
    assert lost == pytest.approx(dropped, abs=0.1 * RATE_HZ)


def test_a_server_that_is_too_slow_is_seen_in_the_lost_samples() -> None:
    wrong = Misbehaviour(pace=0.5)
    with RtlTcpServer(RATE_HZ, wrong).serving() as server, client(server).open() as stream:
        assert any(block.lost_before > 0 for block in islice(stream.blocks(), 60))
