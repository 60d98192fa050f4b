"""What readers of the store get; the API gives out the same types."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from nap.wire.messages import Frame

UtcTime = Annotated[str, Meta(description="ISO 8601 UTC, milliseconds")]


class Reception(msgspec.Struct, frozen=True, kw_only=True):
    """How one station heard a message; the level is that of its best replica."""

    station: Annotated[str, Meta(description="id of the NAP")]
    snr_db: Annotated[float, Meta(description="signal over noise in bit-rate Hz")]
    rssi_dbm: float | None
    frequency_hz: float
    replicas: Annotated[int, Meta(description="frames of the message that it decoded, 1 to 3")]
    combined: Annotated[bool, Meta(description="only the frames together decoded")]
    zone: Annotated[str | None, Meta(description="RC1 to RC7; null: the station did not say")]
    late: Annotated[bool, Meta(description="decoded long after it was heard, from kept samples")]
    frames: list[Frame]


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """A message of a device, with everything its stations told about it."""

    id: int
    revision: Annotated[int, Meta(description="grows with every change of any message")]
    device_id: Annotated[str, Meta(description="8 hex digits")]
    seq_number: int
    payload: Annotated[str, Meta(description="hex")]
    payload_text: Annotated[str | None, Meta(description="when all of it is printable ASCII")]
    message_type: str
    bidirectional: bool
    repeated: bool
    bit_rate: int
    simulated: Annotated[bool, Meta(description="not from the air")]
    heard_utc: UtcTime
    stored_utc: UtcTime
    snr_db: Annotated[float, Meta(description="of the best reception")]
    rssi_dbm: Annotated[float | None, Meta(description="of the best reception")]
    frequency_hz: Annotated[float, Meta(description="of the best reception")]
    zone: Annotated[str | None, Meta(description="of the best reception")]
    late: Annotated[bool, Meta(description="no station decoded it when it was heard")]
    replicas: Annotated[int, Meta(description="different ranks that any station decoded")]
    receptions: Annotated[list[Reception], Meta(description="one per station, best first")]


class MessagePage(msgspec.Struct, frozen=True, kw_only=True):
    """Messages, newest first."""

    messages: list[Message]
    next: Annotated[
        str | None, Meta(description="`cursor` of the next page; null when this is the last")
    ]


class Station(msgspec.Struct, frozen=True, kw_only=True):
    """A NAP as the cloud knows it."""

    nap_id: str
    online: Annotated[bool | None, Meta(description="null: it never said")]
    since_utc: UtcTime | None
    model: str | None
    version: str | None
    simulated: bool
    first_seen_utc: UtcTime
    last_seen_utc: UtcTime
    stats: Annotated[msgspec.Raw | None, Meta(description="its ledger, as it last sent it")]


class StationPage(msgspec.Struct, frozen=True, kw_only=True):
    """Stations in the order of their ids."""

    stations: list[Station]
    next: Annotated[
        str | None, Meta(description="`cursor` of the next page; null when this is the last")
    ]


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """The state of the whole at a glance."""

    per_minute: Annotated[
        list[int], Meta(description="new messages in each of the last 30 minutes, newest last")
    ]
    stations: int
    stations_online: int
    messages: Annotated[int, Meta(description="messages ever stored")]
