"""Downlink frames: eight bytes for one device, and back.

    preamble 91 | sync 13 | parity 32 | payload 64 | tag 16 | CRC 8        = 224 bits
    2a aa … aa b2 27      |<---- whitened, content, 15 bytes ---->|

No address is sent: a device knows its frame by whitening, checksum and tag, all of which depend on
its ID and on the sequence number of the uplink that asked.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from radio.sigfox import bch, whitening
from radio.sigfox.bits import Bits, bits_of, bytes_of, word_of
from radio.sigfox.crc import crc8
from radio.sigfox.rejected import Reason, Rejected
from radio.sigfox.sendable import require, require_address
from radio.sigfox.tag import DOWNLINK_TAG_BYTES, downlink_tag, tags_equal

DOWNLINK_BIT_RATE: Final = 600
PAYLOAD_BYTES: Final = 8
PREAMBLE_AND_SYNC: Final = bytes.fromhex("2a" + 10 * "aa" + "b227")
CONTENT_BITS: Final = 8 * bch.CODED_BYTES
TOTAL_BITS: Final = 8 * len(PREAMBLE_AND_SYNC) + CONTENT_BITS
_SYNC_WORD: Final = 0xB227
_SYNC_BITS: Final = 16
# Enough for a weak frame; noise passes once in 478 times.
_MOST_SYNC_ERRORS: Final = 2


@dataclass(frozen=True, slots=True)
class Downlink:
    """What the network says to a device.

    Attributes:
        device_id: 32 bits.
        seq_number: That of the uplink that asked for it.
        payload: 8 bytes.
    """

    device_id: int
    seq_number: int
    payload: bytes


@dataclass(frozen=True, slots=True)
class DownlinkFrame:
    """A frame whose checksum fits.

    Attributes:
        downlink: What it says.
        tag: 2 bytes.
        corrected_bits: Wrong bits repaired, 0 to 8.
    """

    downlink: Downlink
    tag: bytes
    corrected_bits: int


def encode_downlink(downlink: Downlink, nak: bytes) -> Bits:
    """The 224 bits of a downlink.

    Raises:
        UnsendableError: a value is out of range.
    """
    device_id, seq_number = downlink.device_id, downlink.seq_number
    length = len(downlink.payload)
    require_address(device_id, seq_number, nak)
    require(length == PAYLOAD_BYTES, f"a downlink carries {PAYLOAD_BYTES} bytes, not {length}")
    return frame_with_tag(downlink, downlink_tag(device_id, seq_number, downlink.payload, nak))


def frame_with_tag(downlink: Downlink, tag: bytes) -> Bits:
    """The 224 bits of a downlink whose 2 bytes of `tag` the network has made.

    The values must be in range, as those of `encode_downlink`.
    """
    message = downlink.payload + tag
    coded = bch.protect(message + bytes([crc8(message)]))
    seed = whitening.seed_of(downlink.device_id, downlink.seq_number)
    return bits_of(PREAMBLE_AND_SYNC + whitening.whiten(coded, seed))


def decode_downlink(bits: Bits, device_id: int, seq_number: int) -> DownlinkFrame | Rejected:
    """Read a downlink as the device `device_id` does after its uplink `seq_number`.

    Args:
        bits: All 224, or fewer at the front: from somewhere in the preamble, or only the 120 that
            a device's radio hands over behind the sync word.
        device_id: 32 bits.
        seq_number: 12 bits.
    """
    lead_bits = len(bits) - CONTENT_BITS
    if lead_bits != 0 and not _SYNC_BITS <= lead_bits <= TOTAL_BITS - CONTENT_BITS:
        return Rejected(Reason.LENGTH)
    if lead_bits:
        sync = word_of(bits[lead_bits - _SYNC_BITS : lead_bits])
        if (sync ^ _SYNC_WORD).bit_count() > _MOST_SYNC_ERRORS:
            return Rejected(Reason.SYNC)
    coded = whitening.whiten(
        bytes_of(bits[-CONTENT_BITS:]), whitening.seed_of(device_id, seq_number)
    )
    return _split(bch.correct(coded), device_id, seq_number)


def verify_downlink(frame: DownlinkFrame, nak: bytes) -> bool:
    """True when the frame's tag was made with `nak` (16 bytes)."""
    downlink = frame.downlink
    expected = downlink_tag(downlink.device_id, downlink.seq_number, downlink.payload, nak)
    return tags_equal(frame.tag, expected)


def _split(corrected: bch.Corrected, device_id: int, seq_number: int) -> DownlinkFrame | Rejected:
    message, checksum = corrected.data[:-1], corrected.data[-1]
    if crc8(message) != checksum:
        return Rejected(Reason.FEC if corrected.errors else Reason.CRC)
    downlink = Downlink(device_id, seq_number, message[:PAYLOAD_BYTES])
    return DownlinkFrame(downlink, message[-DOWNLINK_TAG_BYTES:], corrected.errors)
