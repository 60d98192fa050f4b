"""Where devices listen before they talk, long waits between replicas cost no message."""

from __future__ import annotations

import pytest

from radio.events import FrameHeard
from radio.frontend.ports import IqBlock, StreamFacts
from radio.listener import Counts, Listener
from radio.sigfox.zones import ZONES
from radio.watched_zones import sensing_s, zones_captured
from tests.simulators.scene import Scene

GAP_S = 3.0


def scene(snr_db: float) -> Scene:
    """One message whose replicas are longer apart than any device pauses that need not listen."""
    made = Scene(14.5, seed=1)
    made.add_message(carriers_hz=(-30e3, 10e3, 35e3), first_bit_s=0.4, gap_s=GAP_S, snr_db=snr_db)
    return made


def heard(air: Scene, zones: tuple[str, ...], center_hz: float) -> list[FrameHeard]:
    listener = Listener(
        StreamFacts(air.rate_hz, center_hz), Counts(), bit_rates=(100,),
        zones=tuple(ZONES[name] for name in zones),
    )  # fmt: skip
    frames: list[FrameHeard] = []
    for at in range(0, air.samples.size, 50_000):
        frames += listener.feed(IqBlock(air.samples[at : at + 50_000], at), None)
    return frames + listener.flush()


@pytest.mark.parametrize("zones", [("RC3",), ("RC5",), ("RC3", "RC5"), ()])
def test_replicas_seconds_apart_none_of_which_decodes_alone_are_joined(
    zones: tuple[str, ...],
) -> None:
    air = scene(2.0)
    frames = heard(air, zones, 923.25e6)
    assert sorted(frame.rank for frame in frames) == [1, 2, 3]
    assert all(frame.combined for frame in frames)
    assert {frame.device_id for frame in frames} == {f"{air.sent[0].uplink.device_id:08x}"}


def test_where_nobody_listens_first_such_frames_are_no_message() -> None:
    assert heard(scene(2.0), ("RC1",), 868.13e6) == []


def test_the_longest_of_the_zones_counts() -> None:
    assert {name: zone.sensing_s for name, zone in ZONES.items() if zone.sensing_s} == {
        "RC3": 8.0,
        "RC5": 8.0,
    }
    assert sensing_s((ZONES["RC4"], ZONES["RC3"])) == 8.0
    assert sensing_s((ZONES["RC1"], ZONES["RC7"])) == sensing_s(()) == 0.0


def test_what_was_recorded_tells_whose_devices_may_be_in_it() -> None:
    assert [zone.name for zone in zones_captured(868.5e6, 1e6)] == ["RC1", "RC7"]
    assert [zone.name for zone in zones_captured(923.2e6, 250e3)] == ["RC3", "RC5"]
    assert len(zones_captured(0.0, 250e3)) == len(ZONES)  # a frequency that was not written down
