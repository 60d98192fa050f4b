"""How long a frame that failed alone waits for its replicas."""

from __future__ import annotations

from radio.sigfox.replica_timing import longest_hold_s


def given_up_after_s(bit_rate: int, sensing_s: float) -> float:
    """From the start of a frame that failed until it is given up.

    Longer than its replicas may take, for they may be read late: what stronger ones had hidden is
    looked for again.
    """
    return 2 * longest_hold_s(bit_rate, 0.0) + sensing_s
