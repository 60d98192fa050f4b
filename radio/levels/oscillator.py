"""What is known of the front end's oscillator: both ways, and which one to believe."""

from __future__ import annotations

from collections.abc import Sequence

from radio.levels.estimate import Estimate
from radio.levels.reference import ReferenceDevice, ReferenceErrors
from radio.levels.sample_clock_error import SampleClockError
from radio.stats import OscillatorStats, PpmEstimate


class Oscillator:
    """Follows the oscillator of one front end over all its streams."""

    def __init__(self, reference_devices: Sequence[ReferenceDevice]) -> None:
        self._references = ReferenceErrors(reference_devices)
        self._clock = SampleClockError()
        self._disciplined = False

    def stream_begins(self) -> None:
        """Samples are counted anew."""
        self._clock.restart()

    def samples_arrived(
        self, stream_s: float, utc_s: float, clock_error_s: float | None, *, lost: bool
    ) -> None:
        """Samples up to `stream_s` were there at `utc_s`; see SampleClockError."""
        self._disciplined = clock_error_s is not None
        if lost:
            self._clock.restart()
        self._clock.arrived(stream_s, utc_s, clock_error_s)

    def heard(self, device_id: str, frequency_hz: float, now: float) -> None:
        """A frame was measured; see ReferenceErrors."""
        self._references.heard(device_id, frequency_hz, now)

    def stats(self, now: float) -> OscillatorStats:
        """Both estimates, and the better one."""
        devices, clock = self._references.estimate(now), self._clock.estimate()
        use_devices = devices is not None and (
            clock is None or devices.uncertainty_ppm <= clock.uncertainty_ppm
        )
        best = devices if use_devices else clock
        return OscillatorStats(
            ppm=best.ppm if best else None,
            uncertainty_ppm=best.uncertainty_ppm if best else None,
            source=("reference_devices" if use_devices else "sample_clock") if best else None,
            certain=best.certain if best else False,
            reference_devices=_told(devices),
            sample_clock=_told(clock),
            clock_disciplined=self._disciplined,
        )


def _told(estimate: Estimate | None) -> PpmEstimate | None:
    if estimate is None:
        return None
    return PpmEstimate(
        ppm=estimate.ppm, uncertainty_ppm=estimate.uncertainty_ppm, count=estimate.count
    )
