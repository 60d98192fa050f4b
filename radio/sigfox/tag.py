"""Authentication tags: the first bytes of an AES-128 block made with the device's NAK.

Only a network that holds the NAK can check a tag; a gateway passes it on.
"""

from __future__ import annotations

from hmac import compare_digest
from typing import Final

BLOCK_BYTES: Final = 16
NAK_BYTES: Final = 16
DOWNLINK_TAG_BYTES: Final = 2
_ZERO_IV: Final = bytes(BLOCK_BYTES)


def uplink_tag(message: bytes, nak: bytes, length: int) -> bytes:
    """Tag of an uplink.

    Args:
        message: The packet without its tag, 6 to 18 bytes.
        nak: 16 bytes.
        length: 2 to 5 bytes.
    """
    blocks = -(-len(message) // BLOCK_BYTES)
    repeated = message * (blocks * BLOCK_BYTES // len(message) + 1)
    return _last_block(repeated[: blocks * BLOCK_BYTES], nak)[:length]


def downlink_tag(device_id: int, seq_number: int, payload: bytes, nak: bytes) -> bytes:
    """Tag of a downlink; `seq_number` is that of the uplink that asked for it."""
    address = device_id.to_bytes(4, "little")
    block = address + seq_number.to_bytes(2, "little") + payload + address[:2]
    return _last_block(block, nak)[:DOWNLINK_TAG_BYTES]


def tags_equal(one: bytes, other: bytes) -> bool:
    """Compare without telling by the time taken how many bytes fit."""
    return compare_digest(one, other)


def _last_block(data: bytes, nak: bytes) -> bytes:
    # 9 MiB that a receiver, which has no NAKs, would carry for nothing.
    from cryptography.hazmat.primitives.ciphers import (  # noqa: PLC0415
        Cipher,
        algorithms,
        modes,
    )

    cbc = Cipher(algorithms.AES(nak), modes.CBC(_ZERO_IV)).encryptor()
    return cbc.update(data)[-BLOCK_BYTES:]
