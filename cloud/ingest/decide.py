"""What a message from the broker asks for, or why it is refused. Pure; no input raises."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final, TypeVar

import msgspec

from cloud.store.entries import (
    Entry,
    Refused,
    RepetitionsHeard,
    StationChanged,
    StationReported,
    UplinkHeard,
)
from nap.wire.messages import (
    Connection,
    Frame,
    RecordNumber,
    Repetitions,
    SpoolEpoch,
    Stats,
    Uplink,
)
from nap.wire.topics import nap_of

# The longest message of a correct station has about 1 500 bytes.
LARGEST_BODY_BYTES: Final = 16 * 1024
LARGEST_LEVEL_DB: Final = 300.0
LARGEST_FREQUENCY_HZ: Final = 10e9
LARGEST_DRIFT_HZ_PER_S: Final = 1e6

Body = TypeVar("Body", bound=msgspec.Struct)


class _UnfitError(Exception):
    """The message is well-formed JSON of its kind but says what cannot be."""


class _RecordId(msgspec.Struct):
    """What a refusal needs to name the record."""

    epoch: SpoolEpoch
    number: RecordNumber


_record_ids: Final = msgspec.json.Decoder(_RecordId)
_decoders: Final[dict[str, msgspec.json.Decoder[Any]]] = {
    "event/uplink": msgspec.json.Decoder(Uplink),
    "event/repetitions": msgspec.json.Decoder(Repetitions),
    "event/stats": msgspec.json.Decoder(Stats),
    "state/conn": msgspec.json.Decoder(Connection),
}


def decide(topic: str, payload: bytes) -> Entry:
    """Turn one MQTT message into what the store shall keep of it."""
    nap_id = nap_of(topic)
    if nap_id is None:
        return _refuse(None, topic, payload, "the topic is none of a station's")
    if len(payload) > LARGEST_BODY_BYTES:
        return _refuse(nap_id, topic, payload, f"longer than {LARGEST_BODY_BYTES} bytes")
    kind = topic.split("/", 2)[2]
    if kind not in _decoders:
        return _refuse(nap_id, topic, payload, f"this server does not know {kind!r}")
    try:
        return _entry(nap_id, _decoders[kind].decode(payload))
    # Deep nesting in a field that we skip ends in RecursionError.
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, _UnfitError) as error:
        return _refuse(nap_id, topic, payload, str(error))


def _entry(nap_id: str, body: Uplink | Repetitions | Connection | Stats) -> Entry:
    match body:
        case Uplink():
            _check_hex(payload=body.payload, packet=body.packet)
            _check_frame(body.frame)
            return UplinkHeard(nap_id, body)
        case Repetitions():
            for frame in body.frames:
                _check_frame(frame)
            return RepetitionsHeard(nap_id, body)
        case Connection():
            _check_time("since_utc", body.since_utc)
            _check_text(model=body.model, version=body.version)
            return StationChanged(nap_id, body)
        case Stats():
            _check_time("at_utc", body.at_utc)
            return StationReported(nap_id, body)


def _check_hex(**fields: str) -> None:
    for name, value in fields.items():
        # The schema's pattern also fits before a line feed at the end.
        if len(value) % 2:
            msg = f"{name} is not hex bytes"
            raise _UnfitError(msg)


def _check_text(**fields: str | None) -> None:
    for name, value in fields.items():
        if value is not None and not value.isprintable():
            msg = f"{name} contains what cannot be printed"
            raise _UnfitError(msg)


def _check_time(name: str, text: str | None) -> None:
    if text is None:
        return
    try:
        datetime.fromisoformat(text).timestamp()
    except (ValueError, OverflowError) as error:
        msg = f"{name} is not an ISO 8601 time"
        raise _UnfitError(msg) from error


def _check_frame(frame: Frame) -> None:
    _check_time("received_utc", frame.received_utc)
    _check_range("snr_db", frame.snr_db, -LARGEST_LEVEL_DB, LARGEST_LEVEL_DB)
    _check_range("rssi_dbm", frame.rssi_dbm or 0.0, -LARGEST_LEVEL_DB, LARGEST_LEVEL_DB)
    _check_range("frequency_hz", frame.frequency_hz, 0.0, LARGEST_FREQUENCY_HZ)
    drift = frame.drift_hz_per_s
    _check_range("drift_hz_per_s", drift, -LARGEST_DRIFT_HZ_PER_S, LARGEST_DRIFT_HZ_PER_S)


def _check_range(name: str, value: float, least: float, most: float) -> None:
    if not least <= value <= most:
        msg = f"{name} {value:g} is not within {least:g} to {most:g}"
        raise _UnfitError(msg)


def _refuse(nap_id: str | None, topic: str, payload: bytes, reason: str) -> Refused:
    record = _record_of(payload) if nap_id is not None else None
    return Refused(
        nap_id=nap_id,
        topic=_storable(topic),
        reason=_storable(reason),
        body=payload,
        size_bytes=len(payload),
        epoch=record.epoch if record is not None else None,
        number=record.number if record is not None else None,
    )


def _record_of(payload: bytes) -> _RecordId | None:
    """The record that a refused message was, so that its station stops sending it."""
    try:
        return _record_ids.decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _storable(text: str) -> str:
    """Text that every database takes: NUL and the like are replaced."""
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in text[:200])
