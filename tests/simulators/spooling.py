"""Bodies as the pipeline makes them, and bounds that no test reaches by accident."""

from __future__ import annotations

import json
from collections.abc import Callable

from nap.spool.bounds import Bounds

ROOMY = Bounds(max_bytes=50_000_000, max_age_s=None, memory_bytes=5_000_000)


def body(epoch: str, number: int) -> bytes:
    """A message that nothing but its address tells from others."""
    return json.dumps({"epoch": epoch, "number": number}).encode()


def saying(text: str) -> Callable[[str, int], bytes]:
    """A message with a text of its own."""
    return lambda epoch, number: json.dumps(
        {"epoch": epoch, "number": number, "text": text}
    ).encode()
