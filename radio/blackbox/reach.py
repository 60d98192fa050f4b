"""How far back memory must reach for a burst that did not decode to become a clip."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

from radio.dsp.patience import given_up_after_s

Datatype = Literal["cu8", "ci16_le"]
BYTES_PER_SAMPLE: Final[dict[Datatype, int]] = {"cu8": 2, "ci16_le": 4}
# The longest frame and its surroundings: what stands in its way may begin before it.
BEFORE_S: Final = 0.5
# A burst is given up seconds after its end; so long may the others of its message take.
WAIT_S: Final = 3.0
# Samples come and are worked on in runs.
_RUNS_S: Final = 0.5


def needed_s(bit_rates: Sequence[int], sensing_s: float) -> float:
    """From the start of the slowest burst, and what precedes it, until its clip is cut."""
    given_up_s = max(given_up_after_s(bit_rate, sensing_s) for bit_rate in bit_rates)
    return BEFORE_S + given_up_s + WAIT_S + _RUNS_S


def too_short(
    *,
    needed_s: float,
    ring_s: float | None,
    ring_bytes: int,
    rate_hz: float,
    datatype: Datatype,
) -> str | None:
    """What to change for bursts to become clips; None where memory reaches back far enough."""
    changes = []
    if ring_s is not None and ring_s < needed_s:
        changes.append(f"ring_s from {ring_s:g} to {needed_s:.1f} at least, or leave it out")
    bytes_per_s = rate_hz * BYTES_PER_SAMPLE[datatype]
    if ring_bytes < needed_s * bytes_per_s:
        wanted = -(-needed_s * bytes_per_s // 1_000_000) * 1_000_000
        changes.append(
            f"ring_bytes from {ring_bytes} to {wanted:.0f} at least (they hold "
            f"{ring_bytes / bytes_per_s:.1f} s at {rate_hz:.0f} samples/s)"
        )
    if not changes:
        return None
    return (
        "bursts that do not decode make no clips: their samples must stay in memory for "
        f"{needed_s:.1f} s; in radio.black_box, set {' and '.join(changes)}"
    )
