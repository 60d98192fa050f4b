"""A short name for a message: the same for all of its replicas, and for nothing else."""

from __future__ import annotations

import hashlib
from typing import Final

from radio.events import FrameHeard

DIGEST_BYTES: Final = 16


def message_digest(frame: FrameHeard) -> bytes:
    """Of the message that a frame belongs to, DIGEST_BYTES long."""
    key = f"{frame.device_id} {frame.seq_number} {frame.packet}"
    return hashlib.blake2b(key.encode(), digest_size=DIGEST_BYTES).digest()
