"""How many frames a second one core reads, through the library that the receiver uses."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

import numpy as np
from figure import Figure

from radio.sigfox.bits import Bits
from radio.sigfox.frame_type import FRAME_CLASSES
from radio.sigfox.uplink import (
    MessageType,
    Uplink,
    UplinkFrame,
    decode_uplink,
    encode_uplink,
    verify_uplink,
)

NAK: Final = bytes(range(16))
DIFFERENT_FRAMES: Final = 3000
SECONDS: Final = 2.0
QUICK_S: Final = 0.2
LONGEST_PAYLOAD_BYTES: Final = 12


def figures(*, quick: bool = False) -> list[Figure]:
    """Frames a second: of random messages, the same with their tags checked, and of random bits.

    Random messages have 0 to 12 bytes and all three ranks, in equal parts.
    """
    seconds = QUICK_S if quick else SECONDS
    rng = np.random.default_rng(1)
    frames = [_random_frame(rng) for _ in range(DIFFERENT_FRAMES)]
    noise = [_random_bits(rng) for _ in range(DIFFERENT_FRAMES)]
    return [
        _figure("frames_decoded", _per_second(_decode, frames, seconds)),
        _figure("frames_decoded_and_authenticated", _per_second(_authenticate, frames, seconds)),
        _figure("random_bits_rejected", _per_second(_reject, noise, seconds)),
    ]


def _figure(name: str, per_s: float) -> Figure:
    return Figure(
        name=f"{name}_per_s",
        value=per_s,
        unit="frames/s",
        how="CPU time of one core, bits to message, all classes and ranks",
        required="≥ 16 667 (a million a minute)" if name == "frames_decoded" else None,
    )


def _random_frame(rng: np.random.Generator) -> Bits:
    payload = rng.bytes(int(rng.integers(LONGEST_PAYLOAD_BYTES + 1)))
    kind = MessageType.BYTES if payload else MessageType.EMPTY
    uplink = Uplink(int(rng.integers(2**32)), int(rng.integers(2**12)), payload, kind)
    return encode_uplink(uplink, NAK, int(rng.integers(1, 4)))


def _random_bits(rng: np.random.Generator) -> Bits:
    lengths = [frame_class.total_bits for frame_class in FRAME_CLASSES.values()]
    return rng.integers(0, 2, int(rng.choice(lengths)), np.uint8)


def _decode(bits: Bits) -> bool:
    return isinstance(decode_uplink(bits), UplinkFrame)


def _authenticate(bits: Bits) -> bool:
    frame = decode_uplink(bits)
    return isinstance(frame, UplinkFrame) and verify_uplink(frame, NAK)


def _reject(bits: Bits) -> bool:
    return not _decode(bits)


def _per_second(work: Callable[[Bits], bool], frames: list[Bits], seconds: float) -> float:
    """Rate in CPU time, so that other programs of the machine do not count."""
    done = 0
    began_s = time.process_time()
    while (took_s := time.process_time() - began_s) < seconds:
        wrong = sum(not work(bits) for bits in frames)
        if wrong > len(frames) // 1000:
            msg = f"{wrong} of {len(frames)} frames went wrong: this measures nothing"
            raise RuntimeError(msg)
        done += len(frames)
    return done / took_s
