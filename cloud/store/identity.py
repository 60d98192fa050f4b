"""When two receptions are one message, and what a station's replicas say together. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Final

import msgspec

from nap.wire.messages import Frame, Uplink

# A box without a clock boots in 1970; one ahead of us by more than this is wrong, too.
EARLIEST_MS: Final = int(datetime(2020, 1, 1, tzinfo=UTC).timestamp() * 1000)
AHEAD_MS: Final = 5 * 60 * 1000

_frames_decoder: Final = msgspec.json.Decoder(list[Frame])


@dataclass(frozen=True, slots=True)
class Identity:
    """What is the same in every reception of a message, and differs between two messages.

    The packet carries the tag: another payload, counter or key makes another packet. Counters roll
    over after 128 to 4096 messages, so time decides as well (`Known`). A simulated message never
    merges with one from the air.
    """

    device_id: str
    seq_number: int
    packet: bytes
    simulated: bool

    @property
    def key(self) -> int:
        """63-bit hash, the same in every program and version."""
        text = f"{self.device_id} {self.seq_number} {self.simulated} ".encode() + self.packet
        return int.from_bytes(blake2b(text, digest_size=8).digest(), "big") >> 1


def identity_of(uplink: Uplink) -> Identity:
    """The identity of the message that a station heard."""
    packet = bytes.fromhex(uplink.packet)
    return Identity(uplink.device_id, uplink.seq_number, packet, uplink.simulated)


@dataclass(slots=True)
class KnownMessages:
    """Messages that receptions may belong to."""

    window_ms: int
    _by_identity: dict[Identity, list[tuple[int, int]]] = field(default_factory=dict)

    def add(self, identity: Identity, heard_ms: int, message_id: int) -> None:
        """Remember a message."""
        self._by_identity.setdefault(identity, []).append((heard_ms, message_id))

    def find(self, identity: Identity, heard_ms: int) -> int | None:
        """The message nearest in time within the window."""
        near = [
            (abs(heard_ms - at_ms), message_id)
            for at_ms, message_id in self._by_identity.get(identity, ())
            if abs(heard_ms - at_ms) <= self.window_ms
        ]
        return min(near)[1] if near else None


def heard_ms(received_utc: str | None, now_ms: int) -> int:
    """When a frame was on the air: as its station says where that can be, else now.

    Raises:
        ValueError: not an ISO 8601 time.
    """
    if received_utc is None:
        return now_ms
    at = datetime.fromisoformat(received_utc)
    at_ms = int((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() * 1000)
    return at_ms if EARLIEST_MS <= at_ms <= now_ms + AHEAD_MS else now_ms


def merge_frames(known: Iterable[Frame], more: Iterable[Frame]) -> list[Frame]:
    """One frame per rank, the one with the better SNR, in the order of ranks."""
    best: dict[int, Frame] = {}
    for frame in (*known, *more):
        if frame.rank not in best or frame.snr_db > best[frame.rank].snr_db:
            best[frame.rank] = frame
    return [best[rank] for rank in sorted(best)]


def strongest(frames: Sequence[Frame]) -> Frame:
    """The frame whose level and frequency stand for the reception."""
    return max(frames, key=lambda frame: frame.snr_db)


def decode_frames(text: str | bytes) -> list[Frame]:
    """Read what `encode_frames` wrote."""
    return _frames_decoder.decode(text)


def encode_frames(frames: Sequence[Frame]) -> str:
    """Frames as JSON text."""
    return msgspec.json.encode(frames).decode()
