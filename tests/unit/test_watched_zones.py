"""Several zones in one capture: where to tune, what fits, and whose a frame is."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
import pytest

from radio.frontend.ports import IqBlock, StreamFacts
from radio.listener import Counts, Listener
from radio.settings import WorkerSettings
from radio.sigfox.zones import ZONES
from radio.watched_zones import zone_of
from tests.simulators.scene import Scene


def settings(rate_hz: float, *zones: str, **fields: Any) -> WorkerSettings:  # noqa: ANN401
    first, *more = zones
    front_end = {"type": "rtl_tcp", "rate_hz": rate_hz}
    raw = {"front_end": front_end, "zone": first, "more_zones": more, **fields}
    return msgspec.convert(raw, WorkerSettings)


@pytest.mark.parametrize(
    ("zones", "rate_hz", "center_hz"),
    [
        (["RC1"], 250e3, 868_130_000),
        (["RC1", "RC7"], 1e6, 868_465_000),
        (["RC7", "RC1"], 1e6, 868_465_000),
        (["RC3", "RC5"], 330e3, 923_250_000),
    ],
)
def test_it_is_tuned_to_the_middle_of_all_zones(
    zones: list[str], rate_hz: float, center_hz: int
) -> None:
    assert settings(rate_hz, *zones).center_hz == center_hz


@pytest.mark.parametrize(
    ("zones", "rate_hz", "said"),
    [
        (["RC1", "RC7"], 250e3, "RC1 and RC7 span 862 kHz.*set rate_hz to 957778"),
        (["RC3", "RC5"], 300e3, "RC3 and RC5 span 292 kHz.*324444"),
        (["RC1", "RC2"], 20e6, "span"),
        (["RC1", "RC1"], 1e6, "twice"),
    ],
)
def test_zones_that_do_not_fit_are_refused_with_the_rate_that_would_do(
    zones: list[str], rate_hz: float, said: str
) -> None:
    with pytest.raises(msgspec.ValidationError, match=said):
        settings(rate_hz, *zones)


def test_bit_rates_are_those_of_all_zones_unless_chosen() -> None:
    assert settings(1e6, "RC1", "RC7").all_bit_rates == (100, 600)
    assert settings(250e3, "RC2").all_bit_rates == (600,)
    assert settings(1e6, "RC1", "RC7", bit_rates=[600]).all_bit_rates == (600,)


def test_where_zones_overlap_the_nearer_centre_counts() -> None:
    zones = [ZONES["RC3"], ZONES["RC5"]]
    assert zone_of(zones, 923_249_000.0) == "RC3"
    assert zone_of(zones, 923_251_000.0) == "RC5"
    assert zone_of([], 1.0) is None


@pytest.mark.parametrize(("names", "rate_hz"), [(["RC1", "RC7"], 1e6), (["RC3", "RC5"], 330e3)])
def test_frames_of_both_zones_decode_from_one_capture_and_tell_theirs(
    names: list[str], rate_hz: float
) -> None:
    chosen = settings(rate_hz, *names)
    scene = Scene(3.6, rate_hz=rate_hz, seed=21)
    sent = {}
    for zone in chosen.zones:
        middle_hz = zone.uplink_center_hz - chosen.center_hz
        for offset_hz in (-70e3, -20e3, 33e3, 75e3):
            bit_rate = 600 if offset_hz == 33e3 else 100
            one = scene.add(
                carrier_hz=middle_hz + offset_hz,
                first_bit_s=float(scene.rng.uniform(0.2, 1.2)),
                snr_db=14.0,
                bit_rate=bit_rate,
            )
            place_hz = zone.uplink_center_hz + offset_hz
            sent[f"{one.uplink.device_id:08x}"] = zone_of(chosen.zones, place_hz)
    facts = StreamFacts(rate_hz, chosen.center_hz)
    listener = Listener(facts, Counts(), bit_rates=chosen.all_bit_rates, zones=chosen.zones)
    heard = listener.feed(IqBlock(scene.samples, 0), None) + listener.flush()
    assert {frame.device_id: frame.zone for frame in heard} == sent
    assert len(heard) == len(scene.sent)
    assert set(sent.values()) == set(names)
    assert all(np.isfinite(frame.snr_db) for frame in heard)
