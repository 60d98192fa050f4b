"""One open stream: blocks of samples in, events for the gateway out, everything counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from radio.dsp.receiver import Receiver
from radio.dsp.report import Decoded, Undecoded
from radio.events import FrameHeard
from radio.frontend.ports import FrontEndError, IqBlock, StreamFacts
from radio.iso_time import iso_utc, later
from radio.sigfox.zones import Zone
from radio.watched_zones import sensing_s, zone_of, zones_captured

Found = list[Decoded | Undecoded]


class UnfitStreamError(FrontEndError):
    """The stream cannot hold what the settings ask for; opening it again will not help."""


@dataclass(slots=True)
class Counts:
    """Counters of the worker's life, over all streams."""

    frames: int = 0
    samples: int = 0
    samples_s: float = 0.0
    samples_lost: int = 0
    samples_blanked: int = 0
    candidates: int = 0
    rejected: Counter[str] = field(default_factory=Counter)


class Listener:
    """Turns the blocks of one stream into frames heard.

    Attributes:
        noise_dbfs_per_hz: Noise floor at the last block; None before enough was heard.
    """

    def __init__(
        self,
        facts: StreamFacts,
        counts: Counts,
        *,
        bit_rates: tuple[int, ...],
        zones: tuple[Zone, ...] = (),
        full_scale_dbm: float | None = None,
        sift: Callable[[Found], Found] = lambda found: found,
    ) -> None:
        """Listen in `zones` (none: in all that was sampled).

        Args:
            facts: Of the stream.
            counts: Where to count.
            bit_rates: What to listen for.
            zones: Where.
            full_scale_dbm: Counts more than the stream's own calibration.
            sift: Sees what the receiver found before anybody, and returns what is to be told.

        Raises:
            UnfitStreamError: the stream does not reach a zone.
        """
        self._facts, self._counts, self._zones, self._sift = facts, counts, zones, sift
        self._full_scale_dbm = facts.calibration_db if full_scale_dbm is None else full_scale_dbm
        try:
            self._receiver = Receiver(
                rate_hz=facts.rate_hz,
                center_hz=facts.center_hz,
                bit_rates=bit_rates,
                bands_hz=tuple(zone.band_hz for zone in zones) or None,
                sensing_s=sensing_s(zones or zones_captured(facts.center_hz, facts.rate_hz)),
            )
        except ValueError as error:
            raise UnfitStreamError(str(error)) from error
        self.noise_dbfs_per_hz: float | None = None
        self._told_blanked = self._told_candidates = 0
        self._block_s = 0.0
        self._block_utc: datetime | None = None

    def feed(self, block: IqBlock, block_utc: datetime | None) -> list[FrameHeard]:
        """Take a block whose first sample was taken at `block_utc` (None: no clock)."""
        self._counts.samples += len(block.samples)
        self._counts.samples_s += len(block.samples) / self._facts.rate_hz
        self._counts.samples_lost += block.lost_before
        self._block_s = block.first_sample / self._facts.rate_hz
        self._block_utc = block_utc
        found = self._receiver.feed(block.samples, block.first_sample)
        # Kept: the silence that ends a recording is not the noise of the place.
        self.noise_dbfs_per_hz = self._receiver.noise_dbfs_per_hz
        return self._heard(found)

    def flush(self) -> list[FrameHeard]:
        """The stream has ended: what was still being worked on."""
        return self._heard(self._receiver.flush())

    def _heard(self, found: Found) -> list[FrameHeard]:
        self._count_work()
        found = self._sift(found)
        for burst in found:
            if isinstance(burst, Undecoded):
                self._counts.rejected[burst.reason] += 1
        return [self._frame(burst) for burst in found if isinstance(burst, Decoded)]

    def _count_work(self) -> None:
        """Add what the receiver, which counts its own stream only, did since the last time."""
        blanked, candidates = self._receiver.blanked_samples, self._receiver.candidates
        self._counts.samples_blanked += blanked - self._told_blanked
        self._counts.candidates += candidates - self._told_candidates
        self._told_blanked, self._told_candidates = blanked, candidates

    def _frame(self, decoded: Decoded) -> FrameHeard:
        self._counts.frames += 1
        frame, uplink = decoded.frame, decoded.frame.uplink
        offset_db = self._full_scale_dbm
        return FrameHeard(
            number=self._counts.frames,
            device_id=f"{uplink.device_id:08x}",
            seq_number=uplink.seq_number,
            payload=uplink.payload.hex(),
            message_type=uplink.message_type,
            rank=frame.rank,
            bidirectional=uplink.bidirectional,
            repeated=uplink.repeated,
            packet=frame.packet.hex(),
            bit_rate=decoded.bit_rate,
            offset_s=decoded.start_s,
            received_utc=self._utc_of(decoded.start_s),
            frequency_hz=decoded.frequency_hz,
            drift_hz_per_s=decoded.drift_hz_per_s,
            snr_db=decoded.snr_db,
            rssi_dbm=None if offset_db is None else decoded.power_dbfs + offset_db,
            frame_type_errors=frame.frame_type_errors,
            combined=decoded.combined,
            zone=zone_of(self._zones, decoded.frequency_hz),
        )

    def _utc_of(self, stream_s: float) -> str | None:
        if self._facts.started_utc is not None:
            return later(self._facts.started_utc, stream_s)
        if self._block_utc is None:
            return None
        return iso_utc(self._block_utc + timedelta(seconds=stream_s - self._block_s))
