"""Why bits are not a frame: noise and damage are data, never exceptions."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Reason(StrEnum):
    """What the first failed check was."""

    FRAME_TYPE = "frame_type"
    """More than two bits away from each of the known frame types."""
    LENGTH = "length"
    """The number of bits is not that of the frame type."""
    CRC = "crc"
    """The checksum does not fit."""
    LENGTH_INDICATOR = "length_indicator"
    """The checksum fits, but the payload length is one that its class does not have."""
    SYNC = "sync"
    """The synchronisation word of a downlink is not where it belongs."""
    FEC = "fec"
    """Bits were corrected and the checksum still does not fit: too many errors."""
    AUTHENTICATION = "authentication"
    """The tag does not fit the device's key."""


@dataclass(frozen=True, slots=True)
class Rejected:
    """Bits that are no frame."""

    reason: Reason
