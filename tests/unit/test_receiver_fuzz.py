"""The whole chain against arbitrary samples: never an exception, never more memory than it has."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from radio.dsp.receiver import Receiver
from radio.dsp.report import Decoded, Undecoded
from radio.frontend.ports import IqBlock, StreamFacts
from radio.heartbeat import Heartbeat, HeartbeatRate, places_of
from radio.levels.meter import LevelMeter
from radio.listener import Counts, Listener
from radio.sigfox.zones import ZONES
from tests.simulators.scene import Samples, Scene, white_noise

RC1 = ZONES["RC1"]
RATE_HZ, CENTER_HZ = 250e3, float(RC1.uplink_center_hz)
LONGEST = 40_000
# What a hostile or broken part may deliver: every bit pattern, and shapes that the detector likes.
BITS = st.binary(min_size=8, max_size=512)
VALUES = st.floats(width=32, allow_nan=True, allow_infinity=True)


@dataclass(frozen=True)
class Run:
    """Some samples and where they say that they belong."""

    kind: str
    count: int
    jump: int
    value: float
    raw: bytes
    seed: int

    def samples(self) -> Samples:
        rng = np.random.default_rng(self.seed)
        match self.kind:
            case "bits":
                whole = np.frombuffer(self.raw[: len(self.raw) // 8 * 8], np.complex64)
                return np.resize(whole, self.count)
            case "constant":
                return np.full(self.count, self.value, np.complex64)
            case "any":
                words = rng.integers(0, 2**32, 2 * self.count, np.uint32)
                return words.view(np.float32).view(np.complex64)
            case "preambles":
                return self._preambles(rng)
            case _:
                return white_noise(rng, self.count, RATE_HZ)

    def _preambles(self, rng: np.random.Generator) -> Samples:
        """Preambles without end on many carriers, so that everything looks like a frame."""
        at = np.arange(self.count) / RATE_HZ
        total = white_noise(rng, self.count, RATE_HZ)
        for _ in range(8):
            rate = rng.choice([100.0, 600.0])
            turned = np.where(at * rate / 2 % 2 < 1, 1.0, -1.0)
            carrier = np.exp(2j * np.pi * float(rng.uniform(-1e5, 1e5)) * at)
            total += (0.05 * turned * carrier).astype(np.complex64)
        return total


RUNS = st.lists(
    st.builds(
        Run,
        kind=st.sampled_from(["bits", "constant", "any", "preambles", "noise"]),
        count=st.integers(0, LONGEST),
        jump=st.one_of(st.just(0), st.integers(-(10**12), 10**12), st.integers(-300_000, 300_000)),
        value=VALUES,
        raw=BITS,
        seed=st.integers(0, 2**16),
    ),
    max_size=10,
)
SLOW = settings(
    max_examples=15, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


def placed(runs: list[Run]) -> Iterator[tuple[Samples, int]]:
    at = 0
    for run in runs:
        at += run.jump
        samples = run.samples()
        yield samples, at
        at += samples.size


def held_bytes(thing: object, seen: set[int] | None = None) -> int:
    """Bytes of all arrays that can be reached from an object, each counted once."""
    seen = set() if seen is None else seen
    if id(thing) in seen:
        return 0
    seen.add(id(thing))
    if isinstance(thing, np.ndarray):
        base = thing if thing.base is None else thing.base
        if isinstance(base, np.ndarray) and id(base) in seen and base is not thing:
            return 0
        seen.add(id(base))
        return int(getattr(base, "nbytes", thing.nbytes))
    if isinstance(thing, dict):
        parts = [*thing.keys(), *thing.values()]
    elif isinstance(thing, list | tuple | set) or hasattr(thing, "popleft"):
        parts = list(thing)  # type: ignore[call-overload]
    else:
        names = [name for kind in type(thing).__mro__ for name in getattr(kind, "__slots__", ())]
        parts = [*vars(thing).values()] if hasattr(thing, "__dict__") else []
        parts += [getattr(thing, name) for name in names if hasattr(thing, name)]
    return sum(held_bytes(part, seen) for part in parts)


@pytest.mark.slow
@pytest.mark.timeout(300)
@SLOW
@given(RUNS)
def test_arbitrary_samples_never_raise_and_what_is_told_is_finite(runs: list[Run]) -> None:
    receiver = Receiver(rate_hz=RATE_HZ, center_hz=CENTER_HZ, bands_hz=(RC1.band_hz,))
    events: list[Decoded | Undecoded] = []
    for samples, first in placed(runs):
        events += receiver.feed(samples, first)
    events += receiver.flush()
    heard_s = sum(run.count for run in runs) / RATE_HZ
    # At most sixteen new candidates a run of 40 ms and bit rate, and what flushing adds of them.
    assert len(events) <= 2 * 16 * (heard_s / 0.04 + 2) + 1024
    for event in events:
        assert np.isfinite([event.start_s, event.frequency_hz, event.snr_db]).all()


@pytest.mark.slow
@pytest.mark.timeout(300)
@SLOW
@given(RUNS)
def test_everything_around_the_receiver_takes_them_as_well(runs: list[Run]) -> None:
    rate = HeartbeatRate()
    heartbeat = Heartbeat(
        places_of([RC1], (100, 600)), rate, rate_hz=RATE_HZ, center_hz=CENTER_HZ, every_s=20.0,
        snr_db=8.0, rng=np.random.default_rng(1),
    )  # fmt: skip
    meter = LevelMeter(RATE_HZ, CENTER_HZ, (RC1.band_hz,))
    listener = Listener(
        StreamFacts(RATE_HZ, CENTER_HZ), Counts(), bit_rates=(100, 600), zones=(RC1,)
    )
    for samples, first in placed(runs):
        meter.feed(samples, first)
        mixed = heartbeat.add_to(samples, first, meter.noise_db_at)
        for frame in listener.feed(IqBlock(mixed, first), None):
            assert frame.zone == "RC1"
    listener.flush()
    levels = meter.take()
    assert levels is None or np.isfinite(levels.noise_db).all()


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_an_endless_stream_of_things_like_frames_takes_no_more_memory_than_a_short_one() -> None:
    receiver = Receiver(rate_hz=RATE_HZ, center_hz=CENTER_HZ, bands_hz=(RC1.band_hz,))
    held = []
    for number in range(20):
        run = Run("preambles", 125_000, 0, 0.0, b"", number)
        receiver.feed(run.samples(), number * 125_000)
        held.append(held_bytes(receiver))
    # The store of seven seconds is full by then.
    assert max(held[14:]) <= 1.3 * max(held[8:14])
    assert 1e6 < max(held) < 100e6


def test_a_frame_after_all_of_it_is_heard_as_if_nothing_had_been() -> None:
    receiver = Receiver(rate_hz=RATE_HZ, center_hz=CENTER_HZ, bands_hz=(RC1.band_hz,))
    scene = Scene(3.0, seed=8)
    sent = scene.add(carrier_hz=20_000.0, first_bit_s=0.5, snr_db=20.0)
    at = 0
    for kind in ("any", "constant", "preambles", "bits"):
        run = Run(kind, LONGEST, 0, float("nan"), b"\xff\x7f\x80\x7f" * 8, 3)
        receiver.feed(run.samples(), at)
        at += LONGEST
    events = receiver.feed(scene.samples, at + 10**6) + receiver.flush()
    heard = [event.frame.uplink for event in events if isinstance(event, Decoded)]
    assert heard == [sent.uplink]
