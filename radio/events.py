"""What the radio worker tells the gateway, one message a line of JSON on its pipe."""

from __future__ import annotations

import msgspec

from radio.stats import RadioStats


class FrameHeard(msgspec.Struct, frozen=True, kw_only=True, tag="frame"):
    """One decoded uplink frame: a replica of a message.

    Attributes:
        number: 1, 2, … in the life of one worker; a gap means frames lost on the pipe.
        device_id: 8 lower-case hex digits, most significant first.
        seq_number: 12-bit message counter.
        payload: Application or control bytes as hex; empty for empty and bit messages.
        message_type: empty, bit_false, bit_true, bytes, keep_alive, downlink_confirmation, control.
        rank: 1, 2 or 3.
        packet: Un-coded bytes from the length indicator to the tag as hex; the core network
            checks the tag over them.
        bit_rate: 100 or 600.
        offset_s: Start of the first preamble bit, s since sample 0 of the stream.
        received_utc: ISO 8601 time of the same instant; None where the source has no clock.
        frequency_hz: Absolute carrier at the middle of the frame.
        drift_hz_per_s: Carrier drift over the frame.
        snr_db: Signal power over noise power in bit-rate Hz.
        rssi_dbm: None while the front end is uncalibrated.
        frame_type_errors: Bits repaired in the frame type.
        combined: True when only several frames of the message together decoded.
        zone: In whose macro channel; None where no zone was asked for.
    """

    number: int
    device_id: str
    seq_number: int
    payload: str
    message_type: str
    rank: int
    bidirectional: bool
    repeated: bool
    packet: str
    bit_rate: int
    offset_s: float
    received_utc: str | None
    frequency_hz: float
    drift_hz_per_s: float
    snr_db: float
    rssi_dbm: float | None
    frame_type_errors: int
    combined: bool
    zone: str | None = None


class StreamOpened(msgspec.Struct, frozen=True, kw_only=True, tag="opened"):
    """The front end delivers samples."""

    description: str
    simulated: bool
    rate_hz: float
    center_hz: float


class StreamFailed(msgspec.Struct, frozen=True, kw_only=True, tag="failed"):
    """The front end stopped.

    Attributes:
        reason: For people: which part or file, where, and what is wrong.
        again_in_s: The worker opens it again by itself after this time; None: that cannot help
            (a damaged recording, settings that do not fit), and the worker ends.
    """

    reason: str
    again_in_s: float | None


class StreamEnded(msgspec.Struct, frozen=True, kw_only=True, tag="ended"):
    """A recording was read to its end; no more events follow."""


class LevelsMeasured(msgspec.Struct, frozen=True, kw_only=True, tag="levels"):
    """Some minutes of air: noise and occupancy of each kHz of the watched bands, and drifts.

    Attributes:
        seconds: How long they were.
        khz: The kHz [k, k + 1), counted from 0 Hz; the lists below go with it.
        noise_dbfs_per_hz: Median power.
        busy: Share of the time in which the power was 3 dB above that.
        frames: Frames decoded in that time, up to 1000.
        common_drift_hz_per_s: Median of their drifts: that of our own oscillator; None of none.
        usual_drift_hz_per_s: Median distance from that: the devices' own.
    """

    seconds: float
    khz: list[int]
    noise_dbfs_per_hz: list[float]
    busy: list[float]
    frames: int
    common_drift_hz_per_s: float | None
    usual_drift_hz_per_s: float | None


class ClipKept(msgspec.Struct, frozen=True, kw_only=True, tag="clip"):
    """What became of a clip.

    Attributes:
        id: Of the command that asked for it; None for one of undecoded bursts.
        name: Under which it lies in the folder; None where it could not be written.
        seconds: Its length.
        problem: Why it could not be written.
    """

    id: str | None
    name: str | None
    seconds: float
    problem: str | None = None


class DownlinkPlanned(msgspec.Struct, frozen=True, kw_only=True, tag="downlink_planned"):
    """A downlink has its place in the window of its device.

    Attributes:
        id: Of the command.
        in_s: How long from now its transmission begins; a place may still be shifted.
        frequency_hz: Where.
    """

    id: str
    in_s: float
    frequency_hz: float


class DownlinkSent(msgspec.Struct, frozen=True, kw_only=True, tag="downlink_sent"):
    """A downlink frame has left the transmitter.

    Attributes:
        id: Of the command.
        copy: 1 for the first frame, 2 … for repeats in the same window.
        started_s: When its transmission began, s since sample 0 of the received stream.
        ended_s: When it was over.
        frequency_hz: Where.
        late_s: By how much the transmitter missed the planned time.
        airtime_left_s: What the rules of the band still allow now.
    """

    id: str
    copy: int
    started_s: float
    ended_s: float
    frequency_hz: float
    late_s: float
    airtime_left_s: float


class DownlinkRefused(msgspec.Struct, frozen=True, kw_only=True, tag="downlink_refused"):
    """A downlink will not be sent.

    Attributes:
        id: Of the command.
        reason: A key of radio.downlink.refusal.Refusal.
        detail: For people.
    """

    id: str
    reason: str
    detail: str


DownlinkEvent = DownlinkPlanned | DownlinkSent | DownlinkRefused
RadioEvent = (
    FrameHeard
    | StreamOpened
    | StreamFailed
    | StreamEnded
    | RadioStats
    | LevelsMeasured
    | ClipKept
    | DownlinkEvent
)
