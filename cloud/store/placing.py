"""Find the message that each uplink belongs to, or make it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, insert, select

from cloud.store.identity import Identity, KnownMessages, heard_ms, identity_of
from cloud.store.numbers import Numbers
from cloud.store.records import RecordKey
from cloud.store.schema import message
from nap.wire.messages import Uplink


@dataclass(slots=True)
class Placed:
    """Where the uplinks of a batch went: record (spool id, number) → message id."""

    message_ids: dict[RecordKey, int] = field(default_factory=dict)
    new_ids: set[int] = field(default_factory=set)


def place_uplinks(
    connection: Connection,
    numbers: Numbers,
    uplinks: Mapping[RecordKey, Uplink],
    now_ms: int,
    window_ms: int,
) -> Placed:
    """Insert the messages that no station had passed on yet."""
    heard = {key: heard_ms(uplink.frame.received_utc, now_ms) for key, uplink in uplinks.items()}
    identities = {key: identity_of(uplink) for key, uplink in uplinks.items()}
    known = _known(connection, set(identities.values()), list(heard.values()), window_ms)
    placed, rows = Placed(), []
    for key, uplink in uplinks.items():
        identity = identities[key]
        message_id = known.find(identity, heard[key])
        if message_id is None:
            message_id = numbers.next_message_id()
            rows.append(_row(message_id, numbers.next_revision(), identity, uplink))
            rows[-1] |= {"heard_ms": heard[key], "stored_ms": now_ms}
            known.add(identity, heard[key], message_id)
            placed.new_ids.add(message_id)
        placed.message_ids[key] = message_id
    if rows:
        connection.execute(insert(message), rows)
    return placed


def _known(
    connection: Connection, identities: set[Identity], heard: list[int], window_ms: int
) -> KnownMessages:
    known = KnownMessages(window_ms)
    if not identities:
        return known
    columns = message.c
    rows = connection.execute(
        select(
            columns.device_id,
            columns.seq_number,
            columns.packet,
            columns.simulated,
            columns.heard_ms,
            columns.id,
        ).where(
            columns.identity_key.in_([identity.key for identity in identities]),
            columns.heard_ms.between(min(heard) - window_ms, max(heard) + window_ms),
        )
    )
    for device_id, seq_number, packet, simulated, at_ms, message_id in rows:
        identity = Identity(device_id, seq_number, bytes(packet), simulated)
        known.add(identity, at_ms, message_id)
    return known


def _row(message_id: int, revision: int, identity: Identity, uplink: Uplink) -> dict[str, Any]:
    return {
        "id": message_id,
        "revision": revision,
        "identity_key": identity.key,
        "device_id": identity.device_id,
        "seq_number": identity.seq_number,
        "packet": identity.packet,
        "simulated": identity.simulated,
        "payload": bytes.fromhex(uplink.payload),
        "message_type": uplink.message_type,
        "bidirectional": uplink.bidirectional,
        "repeated": uplink.repeated,
        "bit_rate": uplink.bit_rate,
    }
