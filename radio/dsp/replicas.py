"""Recognise a replica of a message that is known: its bits are known, only its place was not."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from radio.dsp.decide import header_bits
from radio.dsp.heard import Heard
from radio.sigfox import convolution
from radio.sigfox.bits import Bits, bits_of
from radio.sigfox.crc import crc16
from radio.sigfox.frame_type import (
    CRC_BITS,
    FRAME_CLASSES,
    HEADER_BITS,
    RANKS,
    ClassName,
    FrameClass,
    FrameTypeMatch,
)
from radio.sigfox.rejected import Rejected
from radio.sigfox.uplink import MessageType, UplinkFrame, decode_body

# Share of the states' size that must agree: in all, and at the end, where tag and checksum tell one
# message from the next of the same device. Chance reaches neither: 0.08 and 0.18 are one deviation.
LEAST_AGREEMENT: Final = 0.75
_LEAST_AT_END: Final = 0.55
# In deviations of chance: the shortest frame at 0.7 dB has 7.5.
LEAST_DEVIATIONS: Final = 6.0
_LEAST_DEVIATIONS_AT_END: Final = 2.5
_END_STATES: Final = 32
_MOST_MESSAGES: Final = 1024
_CONTROL: Final = (
    MessageType.KEEP_ALIVE,
    MessageType.DOWNLINK_CONFIRMATION,
    MessageType.CONTROL,
)
_CLASS_OF_PACKET: Final = {
    one.packet_bytes: one for name, one in FRAME_CLASSES.items() if name != ClassName.CONTROL
}


@dataclass(frozen=True, slots=True)
class Replica:
    """A frame heard that is known to carry a message.

    Attributes:
        frame: What it says.
        bits: All of its bits as sent.
        heard: Its signal.
    """

    frame: UplinkFrame
    bits: Bits
    heard: Heard


def shown(body: Bits) -> NDArray[np.float32]:
    """Body states that each rank shows of an un-coded body, as a trellis takes them.

    Shape (..., k) to (..., 3, k).
    """
    running = np.bitwise_xor.accumulate(body, axis=-1)
    coded = np.stack([convolution.encode(running, rank) for rank in RANKS], axis=-2)
    return (1 - 2 * coded.astype(np.int8)).astype(np.float32)


def agreement(states: NDArray[np.float32], expected: NDArray[np.float32]) -> NDArray[np.float32]:
    """Share of the states' size that has the expected sign: 1 all, 0 chance; over the last axis."""
    size = np.abs(states).sum(axis=-1) + np.float32(1e-30)
    share: NDArray[np.float32] = (states * expected).sum(axis=-1) / size
    return share


def class_of(frame: UplinkFrame) -> FrameClass:
    """The class that a frame was sent in."""
    if frame.uplink.message_type in _CONTROL:
        return FRAME_CLASSES[ClassName.CONTROL]
    return _CLASS_OF_PACKET[len(frame.packet)]


def deviations(states: NDArray[np.float32], expected: NDArray[np.float32]) -> NDArray[np.float32]:
    """How many standard deviations of chance the states agree with what is expected.

    Few states agree by chance alone: a frame that was cut off has but few.
    """
    chance = np.sqrt(np.square(states).sum(axis=-1)) + np.float32(1e-30)
    count: NDArray[np.float32] = (states * expected).sum(axis=-1) / chance
    return count


def replica_of(heard: Heard, body: Bits) -> Replica | None:
    """The frame heard as carrier of this un-coded body; None where the body cannot be right."""
    header = heard.header
    kind = FrameTypeMatch(header.frame_class, header.rank, heard.frame_type_errors)
    bits = np.concatenate((header_bits(kind), convolution.encode(body, header.rank)))
    frame = decode_body(kind, bits[HEADER_BITS:])
    return None if isinstance(frame, Rejected) else Replica(frame, bits, heard)


@dataclass(frozen=True, slots=True)
class _Message:
    start: float
    frame_class: FrameClass
    body: Bits
    expected: NDArray[np.float32]  # shape (3, body bits)


class KnownMessages:
    """The messages decoded lately.

    Args:
        hold: Stream samples between the starts of two frames of a message, at most.
    """

    def __init__(self, hold: float) -> None:
        self._hold = hold
        self._messages: deque[_Message] = deque(maxlen=_MOST_MESSAGES)

    def add(self, frame: UplinkFrame, start: float) -> None:
        """Remember a message of which a frame at stream sample `start` was decoded."""
        body = bits_of(frame.packet + crc16(frame.packet).to_bytes(CRC_BITS // 8, "big"))
        self._messages.append(_Message(start, class_of(frame), body, shown(body)))

    def replica(self, heard: Heard) -> Replica | None:
        """The burst heard as replica of one of these messages, if it is one."""
        return self._among(self._messages, heard)

    def newest_in(self, kept: list[Heard]) -> list[Replica]:
        """Which of these bursts are replicas of the message added last."""
        newest = [self._messages[-1]]
        found = [self._among(newest, heard) for heard in kept]
        return [replica for replica in found if replica is not None]

    def _among(self, messages: Iterable[_Message], heard: Heard) -> Replica | None:
        for reading in heard.readings:
            near = [message for message in messages if self._may_carry(message, reading)]
            if near and (replica := _best(near, reading)):
                return replica
        return None

    def _may_carry(self, message: _Message, heard: Heard) -> bool:
        late = abs(message.start - heard.header.start)
        return message.frame_class == heard.header.frame_class and late <= self._hold


def _best(messages: list[_Message], heard: Heard) -> Replica | None:
    """The frame heard as replica of that message which it agrees with best, if it is one."""
    expected = np.array([message.expected[heard.header.rank - 1] for message in messages])
    agreed = agreement(heard.states, expected)
    best = int(agreed.argmax())
    if not _convincing(heard, expected[best], float(agreed[best])):
        return None
    return replica_of(heard, messages[best].body)


def _convincing(heard: Heard, expected: NDArray[np.float32], agreed: float) -> bool:
    end, sent = heard.states[-_END_STATES:], expected[-_END_STATES:]
    return (
        agreed >= LEAST_AGREEMENT
        and float(agreement(end, sent)) >= _LEAST_AT_END
        and float(deviations(heard.states, expected)) >= LEAST_DEVIATIONS
        and float(deviations(end, sent)) >= _LEAST_DEVIATIONS_AT_END
    )
