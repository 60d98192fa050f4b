"""What the writer takes: one entry per MQTT message that asks for a place in the store."""

from __future__ import annotations

from dataclasses import dataclass

from nap.wire.messages import Connection, Repetitions, Stats, Uplink


@dataclass(frozen=True, slots=True)
class UplinkHeard:
    """A station passed on a message."""

    nap_id: str
    uplink: Uplink


@dataclass(frozen=True, slots=True)
class RepetitionsHeard:
    """A station told all replicas of a message that it passed on."""

    nap_id: str
    repetitions: Repetitions


@dataclass(frozen=True, slots=True)
class StationChanged:
    """A station came, or its Will says that it went."""

    nap_id: str
    connection: Connection


@dataclass(frozen=True, slots=True)
class StationReported:
    """A station sent its ledger."""

    nap_id: str
    stats: Stats


@dataclass(frozen=True, slots=True)
class Refused:
    """A message that will never be stored as a record, and why.

    Attributes:
        nap_id: From the topic; None when the topic is none of ours.
        epoch: With `number`, the record that is refused for ever; None when not readable.
        body: The beginning of what came.
        size_bytes: How long it was.
    """

    nap_id: str | None
    topic: str
    reason: str
    body: bytes
    size_bytes: int
    epoch: str | None = None
    number: int | None = None


Entry = UplinkHeard | RepetitionsHeard | StationChanged | StationReported | Refused
