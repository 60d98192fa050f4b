"""What the radio worker tells the gateway, one message a line of JSON on its pipe."""

from __future__ import annotations

import msgspec


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
        frame_type_errors: Bits repaired in the frame type, 0 to 2.
        combined: True when only several frames of the message together decoded.
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


class RadioStats(msgspec.Struct, frozen=True, kw_only=True, tag="stats"):
    """Counters of this worker's life, sent about every second while samples flow.

    Attributes:
        frames: Frames decoded, equal to the number of the last frame.
        frames_lost: Frames that did not fit the bounded pipe and were dropped.
        samples: Samples processed.
        samples_lost: Samples that the hardware dropped.
        bursts: Bursts tried that were more than noise.
        rejected: Bursts that did not decode, by reason.
        load: CPU time over sample time since the last report; above 1 the worker falls behind.
        noise_dbfs_per_hz: Noise floor; None before the first second.
    """

    frames: int
    frames_lost: int
    samples: int
    samples_lost: int
    bursts: int
    rejected: dict[str, int]
    load: float
    noise_dbfs_per_hz: float | None


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
RadioEvent = FrameHeard | StreamOpened | StreamFailed | StreamEnded | RadioStats | DownlinkEvent
