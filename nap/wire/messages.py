"""The messages between box and cloud, JSON on the wire; `v` is the version of each schema.

A reader ignores fields it does not know, so that a newer peer may add some.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

# Lengths are told apart from patterns: `$` also fits before a line feed at the end.
DeviceId = Annotated[str, Meta(pattern="^[0-9a-f]{8}$", max_length=8, description="8 hex digits")]
# What follows the $ keeps a line end out, which Python would let pass there.
HexBytes = Annotated[str, Meta(pattern=r"^([0-9a-f]{2})*$(?!\n)", max_length=64)]
SequenceNumber = Annotated[int, Meta(ge=0, le=4095)]
BitRate = Literal[100, 600]
Rank = Literal[1, 2, 3]
SpoolEpoch = Annotated[
    str,
    Meta(pattern="^[0-9a-f]{16}$", max_length=16, description="made anew with every spool file"),
]
RecordNumber = Annotated[int, Meta(ge=1, le=2**53)]
Count = Annotated[int, Meta(ge=0, le=2**53)]
IsoTime = Annotated[str, Meta(max_length=40, description="ISO 8601 UTC")]
MessageType = Literal[
    "empty", "bit_false", "bit_true", "bytes", "keep_alive", "downlink_confirmation", "control"
]


ZoneName = Annotated[str, Meta(pattern="^RC[1-7]$", max_length=3)]


class Frame(msgspec.Struct, frozen=True, kw_only=True):
    """One replica as this station heard it."""

    rank: Rank
    frequency_hz: float
    snr_db: float
    drift_hz_per_s: float
    rssi_dbm: float | None = None
    received_utc: IsoTime | None = None


class Uplink(msgspec.Struct, frozen=True, kw_only=True):
    """`event/uplink`: a message at its first decoded frame.

    (`epoch`, `number`) identifies it for ever: a second copy with the same pair is a replay.
    """

    v: Literal[1] = 1
    epoch: SpoolEpoch
    number: RecordNumber
    device_id: DeviceId
    seq_number: SequenceNumber
    payload: HexBytes
    message_type: MessageType
    bidirectional: bool
    repeated: bool
    bit_rate: BitRate
    packet: HexBytes
    combined: bool
    frame: Frame
    simulated: bool = False
    zone: ZoneName | None = None
    late: Annotated[
        bool, Meta(description="decoded long after it was received, which `frame` tells")
    ] = False


class Repetitions(msgspec.Struct, frozen=True, kw_only=True):
    """`event/repetitions`: all replicas of a message, once no more can come."""

    v: Literal[1] = 1
    epoch: SpoolEpoch
    number: RecordNumber
    uplink_number: RecordNumber
    device_id: DeviceId
    seq_number: SequenceNumber
    frames: Annotated[list[Frame], Meta(max_length=8)]


class RefusedRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A record that the cloud will never take, and why."""

    number: RecordNumber
    reason: Annotated[str, Meta(max_length=200)]


class Acknowledgment(msgspec.Struct, frozen=True, kw_only=True):
    """`command/ack`: records that the cloud has committed; the spool may forget them.

    Each pair in `ranges` is first and last record number, both included.
    """

    v: Literal[1] = 1
    epoch: SpoolEpoch
    ranges: Annotated[list[tuple[RecordNumber, RecordNumber]], Meta(max_length=10_000)]
    refused: Annotated[list[RefusedRecord], Meta(max_length=10_000)] = []


class Connection(msgspec.Struct, frozen=True, kw_only=True):
    """`state/conn`, retained: online when said by the box, offline when said by its Will."""

    v: Literal[1] = 1
    online: bool
    since_utc: IsoTime | None = None
    model: Annotated[str, Meta(max_length=16)] | None = None
    version: Annotated[str, Meta(max_length=64)] | None = None
    simulated: bool = False


class Stats(msgspec.Struct, frozen=True, kw_only=True):
    """`event/stats`: the ledger of the box; `heard` equals the sum of the end states."""

    v: Literal[1] = 1
    at_utc: IsoTime
    heard: Count
    end_states: Annotated[dict[Annotated[str, Meta(max_length=40)], Count], Meta(max_length=40)]
    waiting: Count


CommandId = Annotated[str, Meta(pattern=r"^[A-Za-z0-9._:-]{1,64}$(?!\n)", max_length=64)]
DownlinkState = Literal["accepted", "sent", "refused", "confirmed", "unconfirmed"]


class DownlinkCommand(msgspec.Struct, frozen=True, kw_only=True):
    """`command/downlink`: answer an uplink that this station heard; executed once for each `id`.

    The station finds time and frequency by itself, from the uplink as it heard it. It holds no
    keys: the network makes the tag.
    """

    v: Literal[1] = 1
    id: CommandId
    device_id: DeviceId
    seq_number: Annotated[SequenceNumber, Meta(description="of the uplink that asked")]
    payload: Annotated[str, Meta(pattern=r"^[0-9a-f]{16}$(?!\n)", max_length=16)]
    tag: Annotated[str, Meta(pattern=r"^[0-9a-f]{4}$(?!\n)", max_length=4)]
    priority: Annotated[int, Meta(ge=0, le=9, description="the higher goes first")] = 5


class DownlinkReply(msgspec.Struct, frozen=True, kw_only=True):
    """`reply/downlink`: what has become of a command; one for each change.

    accepted, then sent or refused; sent is followed by confirmed, when the station itself heard
    the device's confirmation, or by unconfirmed.
    """

    v: Literal[1] = 1
    id: CommandId
    state: DownlinkState
    at_utc: IsoTime
    reason: Annotated[str, Meta(max_length=40, description="key of a refusal")] | None = None
    detail: Annotated[str, Meta(max_length=200)] | None = None
    frequency_hz: float | None = None
    starts_in_s: Annotated[float, Meta(description="planned; may be shifted")] | None = None
    late_s: float | None = None
    airtime_left_s: float | None = None
    confirmation_seq_number: SequenceNumber | None = None
    device_rssi_dbm: Annotated[float, Meta(description="as the device heard it")] | None = None
    simulated: bool = False
