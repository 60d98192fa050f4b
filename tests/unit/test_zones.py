"""The zone table against device traces of a reference implementation."""

from __future__ import annotations

from typing import Any

import pytest

from radio.sigfox.zones import MACRO_CHANNEL_HZ, ZONES, FrequencyHopping, ListenBeforeTalk
from tests.unit.sigfox_vectors import of_kinds


def name(trace: dict[str, Any]) -> str:
    return str(trace["id"])


def events(trace: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return [event for event in trace["events"] if event["ev"] == kind]


TRACES = of_kinds("message_trace")
ASKING = [trace for trace in TRACES if trace["bidirectional"]]


def test_there_are_seven_zones() -> None:
    assert list(ZONES) == ["RC1", "RC2", "RC3", "RC4", "RC5", "RC6", "RC7"]


@pytest.mark.parametrize(
    ("zone_name", "uplink_mhz", "downlink_mhz", "max_eirp_dbm"),
    [
        ("RC1", 868.130, 869.525, 16),
        ("RC2", 902.200, 905.200, 24),
        ("RC3", 923.200, 922.200, 16),
        ("RC4", 920.800, 922.300, 24),
        ("RC5", 923.300, 922.300, 14),
        ("RC6", 865.200, 866.300, 16),
        ("RC7", 868.800, 869.100, 16),
    ],
)
def test_zones_have_the_published_numbers(
    zone_name: str, uplink_mhz: float, downlink_mhz: float, max_eirp_dbm: int
) -> None:
    zone = ZONES[zone_name]
    assert zone.uplink_center_hz == round(uplink_mhz * 1e6)
    assert zone.downlink_center_hz == round(downlink_mhz * 1e6)
    assert zone.max_eirp_dbm == max_eirp_dbm
    assert zone.bidirectional_step_hz == (25_000 if zone_name in {"RC2", "RC4"} else 6_000)


@pytest.mark.parametrize("trace", TRACES, ids=name)
def test_devices_send_in_their_zone(trace: dict[str, Any]) -> None:
    zone = ZONES[trace["rc"][:3]]
    low_hz, high_hz = zone.band_hz
    assert high_hz - low_hz == MACRO_CHANNEL_HZ
    for sent in events(trace, "tx"):
        assert low_hz + zone.guard_hz <= sent["freq_hz"] <= high_hz - zone.guard_hz
        assert sent["bit_rate"] in zone.bit_rates
        assert sent["eirp_dbm"] == zone.max_eirp_dbm


@pytest.mark.parametrize("trace", ASKING, ids=name)
def test_downlink_windows_are_those_of_the_devices(trace: dict[str, Any]) -> None:
    zone = ZONES[trace["rc"][:3]]
    frames = [sent for sent in events(trace, "tx") if "f67" not in sent["hex"][5:8]]
    first_hz = frames[0]["freq_hz"]
    for rank, sent in enumerate(frames, 1):
        assert zone.first_frame_hz(sent["freq_hz"], rank) == first_hz
    (window,) = events(trace, "rx_open")
    assert zone.downlink_hz(first_hz) == window["freq_hz"]
    ended_ms = frames[0]["t_ms"] + frames[0]["dur_ms"]
    assert window["t_ms"] - ended_ms == pytest.approx(1000 * zone.window_opens_s, abs=0.01)
    (length,) = [e["ms"] for e in events(trace, "timer_start") if e.get("reason") == "T_RX"]
    assert length == 1000 * zone.window_s


@pytest.mark.parametrize("trace", TRACES, ids=name)
def test_access_rules_are_those_of_the_devices(trace: dict[str, Any]) -> None:
    rules = ZONES[trace["rc"][:3]].access
    for heard in events(trace, "carrier_sense"):
        (rule,) = [rule for rule in rules if isinstance(rule, ListenBeforeTalk)]
        assert heard["thr_dbm"] == rule.threshold_dbm
        assert heard["min_ms"] == 1000 * rule.shortest_s
        assert heard["bw_hz"] == rule.bandwidth_hz
    for pause in events(trace, "timer_start"):
        if pause["reason"] == "FH":
            (hopping,) = [rule for rule in rules if isinstance(rule, FrequencyHopping)]
            assert pause["ms"] == 1000 * hopping.pause_s


def test_only_hopping_zones_are_fast_only() -> None:
    for zone in ZONES.values():
        hops = any(isinstance(rule, FrequencyHopping) for rule in zone.access)
        assert zone.bit_rates == ((600,) if hops else (100, 600))
