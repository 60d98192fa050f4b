"""What time it is on the air, told by the samples that came."""

from __future__ import annotations

import time

from radio.frontend.ports import IqBlock


class FlowingClock:
    """Fits `StreamClock`, for live parts: time goes on between blocks."""

    def __init__(self) -> None:
        self._started_at = time.monotonic()

    def follow(self, block: IqBlock, rate_hz: float) -> None:
        """Take a block that has just come."""
        if block.captured_at is not None:
            self._started_at = block.captured_at - block.first_sample / rate_hz

    def now_s(self) -> float:
        """Seconds since sample 0 was on the air."""
        return time.monotonic() - self._started_at


class SampleDrivenClock:
    """Fits `StreamClock`, for airs that are made: time is what was rendered, at any speed."""

    def __init__(self) -> None:
        self._now_s = 0.0

    def follow(self, block: IqBlock, rate_hz: float) -> None:
        """Take a block that was just made."""
        self._now_s = (block.first_sample + len(block.samples)) / rate_hz

    def now_s(self) -> float:
        """Seconds since sample 0."""
        return self._now_s
