"""The black box: what is kept, what for, and what goes when there is no room."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from radio.blackbox.files import Clip, ClipFacts, read_facts
from radio.blackbox.planner import LONGEST_S, ClipPlanner
from radio.blackbox.ring import Datatype, SampleRing
from radio.dsp.report import Undecoded
from radio.frontend.sample_formats import sample_format
from radio.sigfox.rejected import Reason


def numbered(first: int, count: int) -> np.ndarray:
    """Samples that tell their index."""
    index = np.arange(first, first + count)
    return ((index % 251 - 125) / 128 + 1j * (index % 127 - 63) / 128).astype(np.complex64)


@settings(max_examples=60)
@given(
    st.sampled_from(["cu8", "ci16_le"]),
    st.integers(1, 500),
    st.lists(st.tuples(st.integers(0, 700), st.integers(0, 300)), min_size=1, max_size=12),
)
def test_the_newest_samples_are_held_and_gaps_are_zero(
    datatype: Datatype, capacity: int, runs: list[tuple[int, int]]
) -> None:
    ring = SampleRing(datatype, capacity)
    truth = np.zeros(20_000, np.complex64)
    at = 0
    for count, gap in runs:
        at += gap
        truth[at : at + count] = numbered(at, count)
        ring.append(numbered(at, count), at)
        at += count
    assert ring.end == at
    assert ring.start >= max(0, at - capacity)
    cut = sample_format(datatype).read(ring.cut(ring.start, ring.end))
    step = 1 / 128 if datatype == "cu8" else 1e-4
    np.testing.assert_allclose(cut, truth[ring.start : at], atol=step)
    half = (ring.start + ring.end) // 2
    assert ring.cut(ring.start, half) + ring.cut(half, ring.end) == ring.cut(ring.start, ring.end)


def test_what_an_eight_bit_part_gave_comes_back_bit_by_bit() -> None:
    raw = np.random.default_rng(1).integers(0, 256, 2000, np.uint8).tobytes()
    ring = SampleRing("cu8", 1000)
    ring.append(sample_format("cu8").read(raw), 0)
    assert ring.cut(0, 1000) == raw


def test_what_is_no_longer_held_cannot_be_cut() -> None:
    ring = SampleRing("cu8", 100)
    ring.append(numbered(0, 150), 0)
    for first, last in ((49, 150), (60, 151), (90, 80)):
        with pytest.raises(ValueError, match="not within 50 to 150"):
            ring.cut(first, last)


def test_a_stream_that_goes_back_begins_anew() -> None:
    ring = SampleRing("ci16_le", 100)
    ring.append(numbered(0, 80), 1_000)
    ring.append(numbered(0, 10), 5)
    assert (ring.start, ring.end) == (5, 15)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e30])
@pytest.mark.parametrize("datatype", ["cu8", "ci16_le"])
def test_samples_that_are_no_numbers_are_kept_as_some(datatype: Datatype, value: float) -> None:
    ring = SampleRing(datatype, 10)
    ring.append(np.full(10, value, np.complex64), 0)
    assert np.isfinite(sample_format(datatype).read(ring.cut(0, 10))).all()


def burst(start_s: float, snr_db: float = 12.0, bit_rate: int = 100) -> Undecoded:
    return Undecoded(Reason.CRC, bit_rate, start_s, 868.1e6, snr_db)


def test_a_clip_holds_the_whole_frame_and_comes_when_its_message_is_over() -> None:
    planner = ClipPlanner(lowest_snr_db=8.0, per_hour=10)
    planner.undecoded(burst(100.0), 107.0)
    planner.undecoded(burst(102.6, 9.0), 109.0)
    assert planner.due(109.9) is None
    planned = planner.due(110.0)
    assert planned is not None
    assert planned.begin_s < 100.0
    assert planned.end_s > 102.6 + 2.08
    assert (len(planned.bursts), planned.snr_db) == (2, 12.0)
    assert planner.due(1e9) is None


def test_weak_bursts_are_no_clip_and_no_loss() -> None:
    planner = ClipPlanner(lowest_snr_db=8.0, per_hour=10)
    planner.undecoded(burst(1.0, 7.9), 8.0)
    assert planner.due(1e9) is None
    assert planner.passed_over == 0


@settings(max_examples=60)
@given(
    st.lists(st.tuples(st.floats(0, 30), st.sampled_from([100, 600])), max_size=200),
    st.integers(0, 6),
)
def test_an_hour_never_has_more_than_its_share_and_every_burst_is_accounted_for(
    steps: list[tuple[float, int]], per_hour: int
) -> None:
    planner = ClipPlanner(lowest_snr_db=8.0, per_hour=per_hour)
    now_s, made, kept = 10.0, [], 0
    for step_s, bit_rate in steps:
        now_s += step_s
        planner.undecoded(burst(now_s - 7.0, bit_rate=bit_rate), now_s)
        if (planned := planner.due(now_s)) is not None:
            made.append(now_s)
            kept += len(planned.bursts)
            assert planned.end_s - planned.begin_s <= LONGEST_S
    last = planner.due(now_s + 1e6)
    kept += len(last.bursts) if last else 0
    assert kept + planner.passed_over == len(steps)
    for begin in made:
        assert sum(begin <= at < begin + 3_590 for at in made) <= per_hour + 1


def clip(kind: str, snr_db: float, days_old: float) -> Clip:
    facts = ClipFacts(kind=kind, snr_db=snr_db)  # type: ignore[arg-type]
    return Clip("clip-x", 1, 86_400.0 * (1000 - days_old), facts)


def test_weak_and_old_clips_go_first_and_those_asked_for_last() -> None:
    order = [
        clip("undecoded", 9.0, 3.0),
        clip("undecoded", 9.0, 0.0),
        clip("undecoded", 20.0, 1.0),
        clip("kept", 0.0, 5.0),
        clip("kept", 0.0, 1.0),
    ]
    assert sorted([order[at] for at in (3, 0, 4, 2, 1)], key=lambda one: one.worth) == order
    assert clip("undecoded", 20.0, 10.0).worth < clip("undecoded", 9.0, 0.0).worth


@given(st.binary(max_size=200))
def test_metadata_of_strangers_is_read_or_refused(text: bytes) -> None:
    assert read_facts(text) is None


@pytest.mark.parametrize(
    "text",
    [
        b'{"global": {}}',
        b'{"global": {"nap:kind": "loot"}}',
        b'{"global": {"nap:kind": "kept", "nap:zones": ["RC9"]}}',
        b'{"global": {"nap:kind": "kept", "nap:snr_db": 1e99}}',
        b"[" * 100_000,
    ],
)
def test_what_is_no_metadata_of_a_clip_is_none(text: bytes) -> None:
    assert read_facts(text) is None
