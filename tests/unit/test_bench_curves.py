"""The bench compares with limits that it computes, and counts what was lost in scenes it knows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from crowd import BAND_HZ, noise, rendered
from curves.curve import Curve, Kind, Mark, Point, Series, crossing
from curves.differential import DifferentialReceiver
from curves.draw import draw
from curves.limits import frame_limit, frequency_limit_hz, message_limit
from curves.messages import asking, busy, hopping

from radio.dsp.modulate import Shape


def test_limits_are_those_that_theory_gives() -> None:
    """With 12 bytes: 4.9 and 5.9 dB for one frame, -0.35 and 1.2 dB for three joined."""
    assert 7 < frame_limit(4.9, 4000, 0).percent < 12
    assert 0.4 < frame_limit(5.85, 8000, 0).percent < 1.4
    assert 8 < message_limit(-0.35, 4000, 0).percent < 13
    assert 0.5 < message_limit(1.2, 8000, 0).percent < 1.6


def test_a_list_of_corrections_is_better_than_none() -> None:
    """Without one, a frame of 176 unknown states is lost when any of them is wrong."""
    bits, snr = 176, 10**0.5
    one = 0.5 * float(np.exp(-snr)) / np.sqrt(np.pi * snr)  # a little more than Q(sqrt(2 snr))
    alone = 100 * (1 - (1 - one) ** bits)
    assert frame_limit(5.0, 4000, 0).percent < alone / 4


def test_known_bits_give_the_carrier_of_a_long_frame_within_millihertz() -> None:
    assert frequency_limit_hz(10.0, 208, 100) == pytest.approx(0.0041, abs=1e-4)
    assert frequency_limit_hz(10.0, 208, 600) == pytest.approx(6 * 0.0041, abs=6e-4)


def test_a_curve_crosses_a_share_between_its_points() -> None:
    points = [Point(4.0, 1000, 1000), Point(5.0, 100, 1000), Point(6.0, 1, 1000)]
    assert crossing(points, 10.0) == pytest.approx(5.0)
    assert crossing(points, 1.0) == pytest.approx(5.5)
    assert crossing(points, 0.01) is None
    upper = crossing(points, 1.0, end=2)
    assert upper is not None
    assert upper > 5.5


def test_the_plain_receiver_reads_a_strong_frame_and_fails_at_a_weak_one() -> None:
    rng = np.random.default_rng(1)
    frames = [one for message in hopping(rng, 4, spacing_hz=8e3) for one in message]
    signal = rendered(frames, 11.8)
    for level_db, right in ((13.0, len(frames)), (0.0, 0)):
        samples = np.float32(10 ** (level_db / 20)) * signal + noise(rng, signal.size)
        read = [DifferentialReceiver(one).receive(samples) == one.uplink for one in frames]
        assert sum(read) == right


@pytest.mark.parametrize("kind", ["hopping", "asking", "busy"])
def test_a_message_is_three_frames_of_one_device_that_never_overlap(kind: str) -> None:
    rng = np.random.default_rng(2)
    messages = {
        "hopping": lambda: hopping(rng, 15, spacing_hz=4e3),
        "asking": lambda: asking(rng, 15),
        "busy": lambda: busy(rng, at_once=5, seconds=20.0, snr_db=(10.0, 40.0)),
    }[kind]()
    for frames in messages:
        assert [one.rank for one in frames] == [1, 2, 3]
        assert len({one.uplink for one in frames}) == 1
        assert all(BAND_HZ[0] < one.burst.carrier_hz < BAND_HZ[1] for one in frames)
        last_bits = [one.burst.ends_s - one.burst.symbol_s for one in frames]
        gaps = [
            b.burst.first_bit_s - end for b, end in zip(frames[1:], last_bits[:-1], strict=True)
        ]
        assert all(0 <= gap <= 2.0 + 1e-9 for gap in gaps)
        if kind == "asking":
            assert gaps == pytest.approx([0.5, 0.5])
            first, second, third = (one.burst.carrier_hz for one in frames)
            assert second - first == pytest.approx(6000, abs=60)
            assert first - third == pytest.approx(6000, abs=110)


def test_frames_of_a_loss_scene_do_not_touch() -> None:
    rng = np.random.default_rng(3)
    for messages in (hopping(rng, 15, spacing_hz=4e3), asking(rng, 15)):
        frames = [one for message in messages for one in message]
        assert all(one.burst.shape == Shape.RECT for one in frames)
        carriers = sorted(one.burst.carrier_hz for one in frames)
        assert min(np.diff(carriers)) > 2e3


def test_a_curve_becomes_a_picture(tmp_path: Path) -> None:
    points = [Point(0, 50, 100), Point(1, 5, 100), Point(2, 0, 100)]
    curve = Curve(
        name="some",
        title="t",
        x_label="x",
        y_label="y",
        series=[Series("a", Kind.MEASURED, points), Series("b", Kind.LIMIT, points)],
        marks=[Mark(1.0, 10.0, "aim")],
    )
    path = draw(curve, tmp_path / "new")
    assert path.read_bytes().startswith(b"\x89PNG")
    assert draw(curve, tmp_path).read_bytes() == path.read_bytes()
