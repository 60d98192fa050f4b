"""When and where a device listens, from whichever frame of its message was heard."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from radio.air.device import Device, message
from radio.air.listening import Listening
from radio.downlink.heard import LIMIT, HeardUplinks
from radio.downlink.window import AIRTIME_S, Window, window_of
from radio.events import FrameHeard
from radio.sigfox.zones import ZONES
from tests.simulators.hearing import heard

EXACT = ["RC1", "RC2", "RC4", "RC6", "RC7"]
SENSING = ["RC3", "RC5"]


def sensor(**changes: object) -> Device:
    fields = {
        "device_id": 0xC0FFEE, "bit_rate": 600, "snr_db": 20.0, "interval_s": 120.0,
        "first_s": 20.0, "bidirectional": True, "listens": True,
    }  # fmt: skip
    return Device(**{**fields, **changes})  # type: ignore[arg-type]


def windows(name: str, seed: int, bit_rate: int = 600) -> tuple[Listening, list[Window]]:
    """What the device does, and what follows from each of its three frames."""
    zone, device = ZONES[name], sensor(bit_rate=bit_rate)
    frames = message(device, zone, seed, 0)
    found = []
    for sent in frames:
        uplinks = HeardUplinks(zone)
        uplinks.receive(heard(sent))
        window = uplinks.window("00c0ffee", frames[0].uplink.seq_number, sent.burst.ends_s)
        assert window is not None
        found.append(window)
    return Listening.after(device, zone, frames[0]), found


@pytest.mark.parametrize("name", EXACT)
@given(seed=st.integers(0, 1_000))
def test_every_rank_tells_the_same_window(name: str, seed: int) -> None:
    listening, found = windows(name, seed)
    for window in found:
        assert window.frequency_hz == pytest.approx(listening.tuned_hz, abs=0.01)
        assert window.earliest_s - listening.opens_s == pytest.approx(0.5, abs=1e-3)
        assert window.aim_s == window.earliest_s
        assert listening.closes_s - window.latest_s - AIRTIME_S == pytest.approx(0.1, abs=1e-3)


@pytest.mark.parametrize("name", SENSING)
@pytest.mark.parametrize("bit_rate", [100, 600])
def test_where_devices_sense_the_later_ranks_aim_at_what_all_windows_share(
    name: str, bit_rate: int
) -> None:
    listening, (first, *later) = windows(name, 5, bit_rate)
    assert first.aim_s == first.earliest_s == pytest.approx(listening.opens_s + 0.5, abs=1e-3)
    for window in later:
        # The sensing may have taken nothing, as here, or 8 s: then all was 8 s earlier.
        assert window.earliest_s >= listening.opens_s + 0.49
        assert window.latest_s + AIRTIME_S <= listening.closes_s - 8.0 - 0.09
        middle_s = (listening.opens_s + listening.closes_s - 8.0) / 2
        assert window.aim_s + AIRTIME_S / 2 == pytest.approx(middle_s, abs=1e-3)


def test_windows_are_those_of_the_public_tables() -> None:
    late = window_of(ZONES["RC3"], rank=1, ends_s=100.0, frame_s=2.08, frequency_hz=923.25e6)
    assert (late.frequency_hz, late.earliest_s) == (922.25e6, 119.5)
    assert late.latest_s == pytest.approx(152.5 - 0.1 - 226 / 600)
    third = window_of(ZONES["RC1"], rank=3, ends_s=100.0, frame_s=2.08, frequency_hz=868.1e6)
    assert third.frequency_hz == 868.1e6 + 6_000 + 1_395_000
    assert third.earliest_s == pytest.approx(100.0 - 2 * 2.58 + 20.5)


FRAME = heard(message(sensor(), ZONES["RC1"], 1, 0)[0])


def frame(device: str = "00c0ffee", seq_number: int = 1, **changes: object) -> FrameHeard:
    fields = {"device_id": device, "seq_number": seq_number, **changes}
    return msgspec.structs.replace(FRAME, **fields)


def test_the_lowest_rank_counts_and_a_replay_moves_nothing() -> None:
    uplinks = HeardUplinks(ZONES["RC1"])
    uplinks.receive(frame(rank=2, offset_s=50.0, frequency_hz=868.106e6))
    uplinks.receive(frame(rank=1, offset_s=49.0, frequency_hz=868.1e6))
    window = uplinks.window("00c0ffee", 1, 60.0)
    uplinks.receive(frame(rank=3, offset_s=51.0, frequency_hz=868.0e6))
    uplinks.receive(frame(rank=1, offset_s=52.0, frequency_hz=868.05e6))
    uplinks.receive(frame(rank=1, offset_s=80.0, frequency_hz=868.05e6))
    assert uplinks.window("00c0ffee", 1, 60.0) == window
    assert window is not None
    assert window.frequency_hz == 868.1e6 + 1_395_000


def test_what_did_not_ask_is_not_known() -> None:
    uplinks = HeardUplinks(ZONES["RC1"])
    uplinks.receive(frame(bidirectional=False))
    assert uplinks.window("00c0ffee", 1, 60.0) is None
    assert uplinks.window("00c0ffee", 2, 60.0) is None


def test_a_flood_costs_the_oldest_and_time_all() -> None:
    uplinks, rng = HeardUplinks(ZONES["RC1"]), np.random.default_rng(1)
    for number in range(LIMIT + 10):
        uplinks.receive(frame(f"{number:08x}", offset_s=50.0 + rng.random()))
    assert len(uplinks._frames) == LIMIT
    assert uplinks.window("00000000", 1, 60.0) is None
    assert uplinks.window(f"{LIMIT + 9:08x}", 1, 120.0) is not None
    assert len(uplinks._frames) == LIMIT
    assert uplinks.window(f"{LIMIT + 9:08x}", 1, 127.0) is None
    assert not uplinks._frames


def test_a_number_that_comes_again_is_another_message() -> None:
    uplinks = HeardUplinks(ZONES["RC1"])
    uplinks.receive(frame(offset_s=50.0))
    uplinks.receive(frame(offset_s=200.0))
    window = uplinks.window("00c0ffee", 1, 210.0)
    assert window is not None
    assert window.earliest_s > 220.0
