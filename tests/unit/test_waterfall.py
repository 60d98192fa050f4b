"""The parts of the picture of a recording: bounded, in its place, with words that stay apart."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nap.waterfall.bursts import MOST_BURSTS, Burst, Bursts
from nap.waterfall.labels import Room
from nap.waterfall.picture import paint
from nap.waterfall.plot import Box, Plot
from nap.waterfall.spectrogram import FIRST_ROW_S, MOST_ROWS, Spectrogram
from radio.dsp.report import Undecoded
from radio.sigfox.rejected import Reason

RATE_HZ = 50e3


def spectrogram() -> Spectrogram:
    return Spectrogram(rate_hz=RATE_HZ, band_hz=(-20e3, 20e3), begins_s=0.0)


def noise(rng: np.random.Generator, seconds: float) -> np.ndarray:
    parts = rng.standard_normal(2 * int(seconds * RATE_HZ)).astype(np.float32)
    return (0.01 * parts).view(np.complex64)


def test_a_carrier_is_bright_at_its_time_and_frequency() -> None:
    samples = noise(np.random.default_rng(1), 2.0)
    at = np.arange(samples.size)
    on = (at > 1.0 * RATE_HZ) & (at < 1.5 * RATE_HZ)
    samples += (0.02 * on * np.exp(2j * np.pi * 5e3 * at / RATE_HZ)).astype(np.complex64)
    picture = spectrogram()
    picture.feed(samples, 0)
    rows = picture.rows_db()
    row, column = np.unravel_index(int(np.argmax(rows)), rows.shape)
    assert 1.0 <= row * picture.row_s < 1.5
    assert -20e3 + 40e3 * (column + 0.5) / picture.columns == pytest.approx(5e3, abs=200)
    assert rows.max() > 20
    assert np.median(rows) == pytest.approx(0, abs=1e-3)


@pytest.mark.parametrize("hours", [0.05, 1.0, 24.0])
def test_a_burst_stays_visible_and_in_its_place_in_a_picture_of_hours(hours: float) -> None:
    rng = np.random.default_rng(2)
    picture, total = spectrogram(), int(hours * 3600 * RATE_HZ)
    burst_at = total // 3
    for first in (0, burst_at, total - int(RATE_HZ)):
        samples = noise(rng, 1.0)
        if first == burst_at:
            samples += np.complex64(0.02)
        picture.feed(samples, first)
    rows = picture.rows_db()
    assert MOST_ROWS // 2 - 1 <= len(rows) <= MOST_ROWS
    row = int(np.nanargmax(rows) // rows.shape[1])
    assert abs(row * picture.row_s - burst_at / RATE_HZ) <= 1.0 + picture.row_s
    assert np.nanmax(rows) > 15
    assert np.isnan(rows).any()


@given(st.lists(st.integers(1, 40_000), min_size=1, max_size=6))
def test_how_samples_come_does_not_change_the_picture(sizes: list[int]) -> None:
    samples = noise(np.random.default_rng(3), 1.0)
    whole, parts = spectrogram(), spectrogram()
    whole.feed(samples, 0)
    first = 0
    for size in [*sizes, samples.size]:
        parts.feed(samples[first : first + size], first)
        first = min(samples.size, first + size)
    np.testing.assert_allclose(parts.rows_db(), whole.rows_db(), atol=1e-3)


@given(st.binary(max_size=4000), st.integers(0, 2**62))
def test_any_samples_give_a_picture(raw: bytes, first: int) -> None:
    samples = np.frombuffer(raw[: len(raw) // 8 * 8], np.complex64)
    picture = spectrogram()
    with np.errstate(all="raise"):
        picture.feed(samples, first)
        rows = picture.rows_db()
    assert rows.shape[0] <= MOST_ROWS
    assert picture.row_s >= FIRST_ROW_S


boxes = st.tuples(
    st.integers(0, 380), st.integers(0, 380), st.integers(5, 20), st.integers(2, 60)
).map(lambda t: (t[0], t[1], min(399, t[0] + t[2]), min(399, t[1] + t[3])))


@given(st.lists(boxes, max_size=40))
def test_words_cover_neither_boxes_nor_one_another(taken: list[Box]) -> None:
    room = Room((0, 0, 399, 399), taken)
    placed = list[Box]()
    for box in taken:
        if (place := room.take(box, 90, 14)) is not None:
            left, top = place
            placed.append((left, top, left + 89, top + 13))
    for number, one in enumerate(placed):
        assert 0 <= one[0] <= one[2] <= 399
        assert 0 <= one[1] <= one[3] <= 399
        for other in [*placed[:number], *taken]:
            apart = one[2] < other[0] or other[2] < one[0] or one[3] < other[1] or other[3] < one[1]
            assert apart


def frame(begins_s: float = 1.0, frequency_hz: float = 100.0, snr_db: float = 12.0) -> Burst:
    return Burst(
        device_id="0123abcd",
        seq_number=7,
        rank=2,
        bit_rate=100,
        begins_s=begins_s,
        ends_s=begins_s + 2.08,
        frequency_hz=frequency_hz,
        snr_db=snr_db,
    )


@given(st.floats(-1e3, 1e4), st.floats(-1e6, 1e6))
def test_a_box_lies_inside_or_there_is_none(begins_s: float, frequency_hz: float) -> None:
    plot = Plot(1000, 800, -125e3, 125e3, 0.0, 100.0)
    box = plot.box(frame(begins_s, frequency_hz))
    left, top, right, bottom = plot.inside
    if box is None:
        assert abs(frequency_hz) > 124e3 or begins_s > 99 or begins_s < -2
    else:
        assert left <= box[0] <= box[2] <= right
        assert top <= box[1] <= box[3] <= bottom


def test_ticks_are_round_and_not_too_many() -> None:
    plot = Plot(1500, 2000, 868.034e6, 868.226e6, 3.0, 86_400.0)
    hertz = [value for _, value in plot.frequency_ticks()]
    assert 5 <= len(hertz) <= 20
    assert all(value % 10e3 == 0 for value in hertz)
    assert 5 <= len(list(plot.time_ticks())) <= 20


def test_a_failed_attempt_at_a_decoded_frame_is_no_burst_of_its_own() -> None:
    bursts = Bursts()
    bursts._all.append(frame(begins_s=1.0, frequency_hz=868.13e6))
    for start_s, frequency_hz in ((1.2, 868.13e6 + 30), (1.2, 868.14e6), (9.0, 868.13e6)):
        bursts.add([Undecoded(Reason.CRC, 100, start_s, frequency_hz, 9.0)])
    kept = [(b.begins_s, b.frequency_hz) for b in bursts.earliest_first()]
    assert kept == [(1.0, 868.13e6), (1.2, 868.14e6), (9.0, 868.13e6)]


def test_more_bursts_than_a_picture_holds_are_counted() -> None:
    bursts = Bursts()
    bursts.add(
        [Undecoded(Reason.CRC, 100, float(n), 868.13e6, 9.0) for n in range(MOST_BURSTS + 3)]
    )
    assert len(bursts) == MOST_BURSTS
    assert bursts.more == 3


def test_a_crowd_is_boxed_whole_and_labelled_where_there_is_room() -> None:
    rng = np.random.default_rng(4)
    crowd = [
        frame(
            float(rng.uniform(0, 20)), float(rng.uniform(-100e3, 100e3)), float(rng.uniform(10, 40))
        )
        for _ in range(300)
    ]
    rows = rng.normal(size=(1000, 1500)).astype(np.float32)
    rows[500:520] = np.nan
    painted = paint(rows, crowd, band_hz=(-125e3, 125e3), span_s=(0.0, 20.0), title="t")
    assert painted.image.size == painted.plot.size_px
    assert all(painted.boxes)
    assert 40 < painted.labelled < 300
