"""Replicas decoded together: the trellis, who is tried with whom, and what is never believed."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from radio.dsp.baseband import Baseband, Chirp, Integrator
from radio.dsp.carrier import Carrier
from radio.dsp.demodulate import SoftFrame
from radio.dsp.detours import mend
from radio.dsp.header import Header
from radio.dsp.heard import Cut, Heard
from radio.dsp.join import Joiner
from radio.dsp.modulate import Shape
from radio.dsp.patterns import pattern_of, states_of
from radio.dsp.replicas import agreement, shown
from radio.dsp.report import Undecoded
from radio.dsp.trellis import body_states, decode_together
from radio.sigfox.bits import Bits
from radio.sigfox.crc import crc16_fits
from radio.sigfox.frame_type import FRAME_CLASSES, HEADER_BITS, ClassName, FrameTypeMatch
from radio.sigfox.rejected import Reason
from radio.sigfox.uplink import MessageType, Uplink, encode_uplink
from tests.simulators.scene import Scene, missed, pairs

NAK = bytes(range(16))
CLASS_OF_LENGTH = {1: ClassName.B, 4: ClassName.C, 8: ClassName.D, 12: ClassName.E}


def heard(uplink: Uplink, rank: int, noise: np.ndarray, sign: float = 1.0) -> np.ndarray:
    """Body states of one replica, received with this noise and an unknown sign."""
    frame_class = FRAME_CLASSES[CLASS_OF_LENGTH[len(uplink.payload)]]
    soft = sign * states_of(encode_uplink(uplink, NAK, rank)) + noise
    return body_states(soft, pattern_of(FrameTypeMatch(frame_class, rank, 0)))


def body_of(uplink: Uplink) -> Bits:
    return encode_uplink(uplink, NAK, 1)[HEADER_BITS:]


@given(
    st.sampled_from(sorted(CLASS_OF_LENGTH)),
    st.binary(min_size=12, max_size=12),
    st.integers(0, 2**32 - 1),
    st.sets(st.sampled_from([1, 2, 3]), min_size=1),
    st.sampled_from([-1.0, 1.0]),
)
@settings(max_examples=60)
def test_clean_replicas_of_any_ranks_and_sign_give_the_message(
    length: int, payload: bytes, device_id: int, ranks: set[int], sign: float
) -> None:
    uplink = Uplink(device_id, 77, payload[:length], MessageType.BYTES)
    states = np.zeros((1, 3, body_of(uplink).size), np.float32)
    for rank in ranks:
        silence = np.zeros(states.shape[2] + HEADER_BITS + 1)
        states[0, rank - 1] = heard(uplink, rank, silence, sign)
        assert agreement(states[0, rank - 1], shown(body_of(uplink))[rank - 1]) == 1
    bits, agreed = decode_together(states)
    assert np.array_equal(bits[0], body_of(uplink))
    assert agreed[0] == pytest.approx(1)


def test_three_replicas_decode_where_one_alone_never_does() -> None:
    rng = np.random.default_rng(3)
    uplink = Uplink(0x0123ABCD, 77, bytes(range(12)), MessageType.BYTES)
    size, sigma = body_of(uplink).size + HEADER_BITS + 1, np.sqrt(0.5 * 10**-0.12)  # 1.2 dB
    states = np.array(
        [
            [heard(uplink, rank, sigma * rng.standard_normal(size)) for rank in (1, 2, 3)]
            for _ in range(200)
        ]
    )
    alone = states.copy()
    alone[:, 1:] = 0
    right = np.all(decode_together(states)[0] == body_of(uplink), axis=1)
    assert right.mean() > 0.95
    assert not np.any(np.all(decode_together(alone)[0] == body_of(uplink), axis=1))


def two_of_three(level_db: float, trials: int) -> tuple[Uplink, np.ndarray]:
    """Ranks 1 and 2 of one message, received so often, and its third frame never."""
    rng = np.random.default_rng(5)
    uplink = Uplink(0x0123ABCD, 77, bytes(range(12)), MessageType.BYTES)
    size, sigma = body_of(uplink).size + HEADER_BITS + 1, np.sqrt(0.5 * 10 ** (-0.1 * level_db))
    states = [
        [heard(uplink, rank, sigma * rng.standard_normal(size)) for rank in (1, 2, 3)]
        for _ in range(trials)
    ]
    return uplink, np.array(states) * np.array([1, 1, 0], np.float32)[:, None]


def test_most_of_what_the_best_path_spoils_is_mended_and_never_wrong() -> None:
    uplink, states = two_of_three(0.7, 200)
    sent = body_of(uplink)
    bodies, _ = decode_together(states)
    spoilt = np.flatnonzero(np.any(bodies != sent, axis=1))
    mended = [mend(states[i], bodies[i]) for i in spoilt]
    assert spoilt.size > 40
    assert sum(body is not None and np.array_equal(body, sent) for body in mended) > spoilt.size / 2
    assert all(body is None or np.array_equal(body, sent) for body in mended)


def test_mending_turns_noise_into_a_message_as_rarely_as_its_trials_allow() -> None:
    rng = np.random.default_rng(6)
    noise = rng.standard_normal((1000, 3, 176)).astype(np.float32)
    bodies, _ = decode_together(noise)
    mended = [mend(states, body) for states, body in zip(noise, bodies, strict=True)]
    found = [body for body in mended if body is not None]
    assert len(found) <= 3  # 1000 times 32 trials in 65 536 are 0.5
    assert all(crc16_fits(body) for body in found)


def as_heard(uplink: Uplink, rank: int, states: np.ndarray, start: float) -> Heard:
    """A frame that failed alone, one sample a symbol."""
    frame_class = FRAME_CLASSES[CLASS_OF_LENGTH[len(uplink.payload)]]
    carrier, count = Carrier(0.0, 0.0, 0.0, 1.0), frame_class.total_bits + 1
    baseband = Baseband(np.zeros(count, np.complex64), 100.0, start, 0.0)
    soft = SoftFrame(
        kind=FrameTypeMatch(frame_class, rank, 0),
        start=start,
        symbols=np.zeros(count, np.complex128),
        carrier=carrier,
        phase=np.zeros(count),
        soft=np.zeros(count),
    )
    return Heard(
        header=Header(start, frame_class, rank, 0.0, 0.0, 1.0, energy=500.0, likeness=0.9),
        frame_type_errors=0,
        cut=Cut(0, Chirp(carrier, start, 1.0), Integrator(baseband, 100.0), soft),
        states=states,
        undecoded=Undecoded(Reason.CRC, 100, start / 100, 0.0, 20.0),
    )


@pytest.mark.parametrize("cut_off", [False, True])
def test_a_frame_that_was_cut_off_confirms_nothing(*, cut_off: bool) -> None:
    uplink = Uplink(0x0123ABCD, 77, bytes(range(12)), MessageType.BYTES)
    silence = np.zeros(body_of(uplink).size + HEADER_BITS + 1)
    first, second = (heard(uplink, rank, silence) for rank in (1, 2))
    first[40] *= -0.1  # its checksum fails, but for this state all is well
    joiner = Joiner(100, 100.0)
    assert joiner.join(as_heard(uplink, 1, first, 0.0)) == []
    found = joiner.join(as_heard(uplink, 2, 0 * second if cut_off else second, 300.0))
    assert [replica.frame.uplink.device_id for replica in found] == (
        [] if cut_off else [0x0123ABCD] * 2
    )


def test_noise_agrees_less_than_the_weakest_message() -> None:
    rng = np.random.default_rng(4)
    noise = rng.standard_normal((500, 3, 176)).astype(np.float32)
    assert decode_together(noise)[1].max() < 0.80
    noise[:, 2] = 0
    assert decode_together(noise)[1].max() < 0.89


@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("shape", list(Shape))
def test_messages_decode_at_a_level_where_no_frame_does(
    shape: Shape, *, bidirectional: bool
) -> None:
    scene = Scene(8.0, seed=5)
    for place in range(4):
        scene.add_message(
            carriers_hz=[place * 11e3 + np.array([0.0, 6e3, -6e3])[rank] for rank in range(3)],
            first_bit_s=0.3 + 0.07 * place,
            gap_s=0.5,
            snr_db=3.2,
            shape=shape,
            bidirectional=bidirectional,
        )
    found = list(pairs(scene, scene.receive(bit_rates=(100,))))
    devices = {sent.uplink.device_id for sent, decoded in found if decoded is not None}
    assert len(devices) >= 3
    assert all(decoded is None or decoded.combined or decoded.snr_db > 2 for _, decoded in found)
    assert any(decoded is not None and decoded.combined for _, decoded in found)


def test_two_replicas_are_enough_where_the_third_is_missing() -> None:
    scene = Scene(6.0, seed=6)
    scene.add_message(
        carriers_hz=[-20e3, 15e3], first_bit_s=0.3, gap_s=1.1, snr_db=4.5, ranks=(2, 3)
    )
    assert missed(scene, scene.receive(bit_rates=(100,))) == []


def test_a_weak_replica_is_recognised_by_the_message_of_a_strong_one() -> None:
    scene = Scene(8.0, seed=7)
    scene.add_message(
        carriers_hz=[-20e3, 15e3, 40e3], first_bit_s=0.3, gap_s=0.5, snr_db=(1.5, 15.0, 1.5)
    )
    found = [decoded for _, decoded in pairs(scene, scene.receive(bit_rates=(100,)))]
    assert sorted(one.combined for one in found if one is not None) == [False, True, True]


def test_frames_of_different_messages_are_not_joined() -> None:
    scene = Scene(8.0, seed=8)
    for rank in (1, 2, 3):
        scene.add_message(
            carriers_hz=[rank * 15e3], first_bit_s=0.3 + 2.6 * (rank - 1), gap_s=0.5, snr_db=2.0,
            ranks=(rank,),
        )  # fmt: skip
    assert all(decoded is None for _, decoded in pairs(scene, scene.receive(bit_rates=(100,))))


def test_noise_that_passed_as_a_header_is_not_reported_as_a_burst() -> None:
    assert Scene(20.0, seed=9).receive() == []
