"""A burst that does not decode, in a live stream with nothing set: it becomes a clip, all of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import numpy as np
import pytest
import sigmf

from radio.blackbox.writer import ClipWriter
from radio.events import ClipKept
from radio.frontend.ports import IqBlock, StreamFacts
from radio.instruments import Instruments, Lasting
from radio.levels.full_scale import FullScale
from radio.listener import Counts, Listener
from radio.settings import WorkerSettings
from radio.stats import BlackBoxStats
from tests.simulators.scene import Samples, Scene, white_noise

BURST_S = 2.0
BLOCK_S = 0.1


def spoilt_frame(rate_hz: float, bit_rate: int) -> Samples:
    """A frame whose header is whole and whose body is cut to pieces, with seconds around it."""
    scene = Scene(5.0, rate_hz=rate_hz, seed=8)
    scene.add(carrier_hz=20e3, first_bit_s=BURST_S, snr_db=25.0, bit_rate=bit_rate)
    bit = int(rate_hz / bit_rate)
    begins = int(BURST_S * rate_hz)
    for at in range(begins + 60 * bit, begins + 200 * bit, 12 * bit):
        scene.samples[at : at + 5 * bit] *= -1
    return scene.samples


def stream(rate_hz: float, bit_rate: int, seconds: float) -> Iterator[IqBlock]:
    """The burst, and noise after it."""
    size = round(BLOCK_S * rate_hz)
    begin = spoilt_frame(rate_hz, bit_rate)
    noise = white_noise(np.random.default_rng(1), 10 * size, rate_hz)
    for number in range(round(seconds / BLOCK_S)):
        first = number * size
        source = begin if first < begin.size else noise
        at = first % source.size
        yield IqBlock(source[at : at + size], first)


def told_of(
    folder: Path, *, rate_hz: float, bit_rate: int, zone: str, **box: object
) -> tuple[list[ClipKept], BlackBoxStats]:
    """What a live part's stream of half a minute leaves in the folder."""
    raw = {
        "front_end": {"type": "soapy", "device": "driver=any", "rate_hz": rate_hz},
        "zone": zone,
        "bit_rates": [bit_rate],
        "heartbeat": {"enabled": False},
        "black_box": {"folder": str(folder), **box},
    }
    settings = msgspec.convert(raw, WorkerSettings)
    facts, counts, told = StreamFacts(rate_hz, settings.center_hz), Counts(), list[ClipKept]()
    writer = ClipWriter(folder, 100_000_000, told.append)
    writer.start()
    lasting = Lasting(FullScale(None), writer, None, simulated=True)
    instruments = Instruments(settings, facts, counts, lasting, np.random.default_rng(2))
    listener = Listener(
        facts, counts, bit_rates=(bit_rate,), zones=settings.zones, sift=instruments.sift
    )
    for block in stream(rate_hz, bit_rate, BURST_S + settings.clip_needed_s + 1.0):
        assert listener.feed(instruments.take(block, None), None) == []
    writer.close()
    stats = instruments.black_box_stats()
    assert stats is not None
    return told, stats


@pytest.mark.parametrize(
    ("rate_hz", "bit_rate", "zone"),
    [(1e6, 100, "RC1"), (250e3, 600, "RC1"), (250e3, 100, "RC3"), (250e3, 600, "RC4")],
)
def test_with_nothing_set_memory_reaches_far_enough(
    tmp_path: Path, rate_hz: float, bit_rate: int, zone: str
) -> None:
    (kept,), stats = told_of(tmp_path, rate_hz=rate_hz, bit_rate=bit_rate, zone=zone)
    assert (stats.passed_over, stats.too_short, kept.problem) == (0, None, None)
    clip = sigmf.sigmffile.fromfile(str(tmp_path / f"{kept.name}.sigmf-meta"))
    (annotation,) = clip.get_annotations()
    assert "crc" in annotation["core:comment"]
    # All of it is there, and what was on the air before it.
    assert annotation["core:sample_start"] == pytest.approx(0.5 * rate_hz, abs=0.01 * rate_hz)
    assert kept.seconds == pytest.approx(1.0 + 208 / bit_rate, abs=0.01)


def test_too_little_memory_costs_the_clip_and_is_told(tmp_path: Path) -> None:
    told, stats = told_of(tmp_path, rate_hz=250e3, bit_rate=100, zone="RC1", ring_bytes=10_000_000)
    assert told == []
    assert stats.passed_over == 1
    assert stats.ring_s == 10.0
    assert stats.too_short is not None
    assert "set ring_bytes from 10000000 to 21000000 at least" in stats.too_short
    assert "hold 10.0 s at 250000 samples/s" in stats.too_short
