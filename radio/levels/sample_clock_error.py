"""The oscillator's error from counting samples over hours of disciplined time.

Samples arrive late, by buffers and a busy processor, but never early. So of each minute the
earliest arrival is kept; the slope of these over time is how much slower than told the samples
come. In front ends with one crystal the tuner is off by the same part.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Final

import numpy as np

from radio.levels.estimate import Estimate

MINUTE_S: Final = 60.0
_FEWEST: Final = 10
_MOST: Final = 24 * 60
# From minute to minute no oscillator moves so far: the clock was set, or samples were lost.
_STEP_S: Final = 0.05


@dataclass(slots=True)
class _Minute:
    """The earliest arrival of a minute: where in the stream, how late, how wrong the clock was."""

    stream_s: float
    late_s: float
    clock_error_s: float


class SampleClockError:
    """Follows one stream."""

    def __init__(self) -> None:
        self._minutes: deque[_Minute] = deque(maxlen=_MOST)
        self._open: _Minute | None = None
        self._ends_s = 0.0

    def arrived(self, stream_s: float, utc_s: float, clock_error_s: float | None) -> None:
        """Samples up to `stream_s` (by the rate as told) were there at `utc_s`.

        Args:
            stream_s: Samples so far over the nominal rate.
            utc_s: The same instant by the system's clock.
            clock_error_s: How wrong that may be; None: not disciplined, which begins anew.
        """
        if clock_error_s is None:
            self.restart()
            return
        now = _Minute(stream_s, utc_s - stream_s, clock_error_s)
        if self._open is None:
            self._open, self._ends_s = now, stream_s + MINUTE_S
        elif stream_s < self._ends_s:
            self._open = min(self._open, now, key=lambda minute: minute.late_s)
        else:
            self._close(self._open)
            self._open, self._ends_s = now, stream_s + MINUTE_S

    def restart(self) -> None:
        """Samples were lost or the clock is not right: what was seen does not go on."""
        self._minutes.clear()
        self._open = None

    def estimate(self) -> Estimate | None:
        """The slope over all minutes; None for the first ten."""
        minutes = self._minutes
        if len(minutes) < _FEWEST:
            return None
        at = np.array([minute.stream_s for minute in minutes])
        late = np.array([minute.late_s for minute in minutes])
        at -= at.mean()
        late -= late.mean()
        slope = float(at @ late / (at @ at))
        jitter_s = float(np.sqrt(np.mean((late - slope * at) ** 2)))
        clock_s = max(minutes[0].clock_error_s, minutes[-1].clock_error_s)
        span_s = float(at[-1] - at[0])
        # Both ends may be off by so much; errors of clocks do not average out over the time.
        return Estimate(-1e6 * slope, 2e6 * (jitter_s + clock_s) / span_s, len(minutes))

    def _close(self, minute: _Minute) -> None:
        if self._minutes and abs(minute.late_s - self._minutes[-1].late_s) > _STEP_S:
            self._minutes.clear()
        self._minutes.append(minute)
