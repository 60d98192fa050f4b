"""What the link can carry: the ranges that every frame to be sent must keep."""

from __future__ import annotations

from typing import Final

from radio.sigfox.tag import NAK_BYTES

SEQ_NUMBERS: Final = 1 << 12
DEVICE_IDS: Final = 1 << 32


class UnsendableError(ValueError):
    """A message that the link has no frame for; the text says which value is wrong."""


def require(fact: bool, otherwise: str) -> None:  # noqa: FBT001 - it reads as a sentence
    """Raise UnsendableError with the text `otherwise` unless `fact` holds."""
    if not fact:
        raise UnsendableError(otherwise)


def require_address(device_id: int, seq_number: int, nak: bytes) -> None:
    """Raise UnsendableError when one of the values does not fit its field."""
    require(0 <= device_id < DEVICE_IDS, f"device_id {device_id} does not fit 32 bits")
    require(
        0 <= seq_number < SEQ_NUMBERS, f"seq_number {seq_number} is not in 0 to {SEQ_NUMBERS - 1}"
    )
    require(len(nak) == NAK_BYTES, f"nak has {len(nak)} bytes, not {NAK_BYTES}")
