"""What a receiver reports of each burst."""

from __future__ import annotations

from dataclasses import dataclass

from radio.sigfox.rejected import Reason
from radio.sigfox.uplink import UplinkFrame


@dataclass(frozen=True, slots=True)
class Decoded:
    """A frame whose checksum fits.

    Attributes:
        frame: What it says.
        bit_rate: 100 or 600.
        start_s: Start of its first preamble bit, s since sample 0 of the stream.
        frequency_hz: Absolute carrier at its middle.
        drift_hz_per_s: Carrier drift.
        snr_db: Signal power over noise power in bit-rate Hz.
        power_dbfs: Signal power, 0 dB = full scale.
        combined: True when only several frames of the message together decoded.
    """

    frame: UplinkFrame
    bit_rate: int
    start_s: float
    frequency_hz: float
    drift_hz_per_s: float
    snr_db: float
    power_dbfs: float
    combined: bool = False


@dataclass(frozen=True, slots=True)
class Undecoded:
    """A burst with a preamble and a frame type that did not decode."""

    reason: Reason
    bit_rate: int
    start_s: float
    frequency_hz: float
    snr_db: float
