"""The AsyncAPI document of the messages between box and cloud, made from their types.

`python -m nap.wire.asyncapi > docs/asyncapi.json` writes it anew.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from inspect import getdoc
from typing import Any, Final, Literal

import msgspec

from nap.wire import topics
from nap.wire.messages import (
    Acknowledgment,
    Connection,
    DownlinkCommand,
    DownlinkReply,
    Repetitions,
    Stats,
    Uplink,
)

# Raised when a message changes so that an older reader would misunderstand it.
DOCUMENT_VERSION: Final = "1.0.0"
_SCHEMAS: Final = "#/components/schemas/{name}"


@dataclass(frozen=True, slots=True)
class _Channel:
    """One topic, seen from the box."""

    topic: str
    message: type[msgspec.Struct]
    action: Literal["send", "receive"]
    retained: bool = False


_CHANNELS: Final = (
    _Channel(topics.event("{nap_id}", "uplink"), Uplink, "send"),
    _Channel(topics.event("{nap_id}", "repetitions"), Repetitions, "send"),
    _Channel(topics.event("{nap_id}", "stats"), Stats, "send"),
    _Channel(topics.state("{nap_id}", "conn"), Connection, "send", retained=True),
    _Channel(topics.command("{nap_id}", "ack"), Acknowledgment, "receive"),
    _Channel(topics.command("{nap_id}", "downlink"), DownlinkCommand, "receive"),
    _Channel(topics.reply("{nap_id}", "downlink"), DownlinkReply, "send"),
)


def document() -> dict[str, Any]:
    """The whole document as JSON values.

    Source:
        AsyncAPI specification 3.0.0.
    """
    messages = [channel.message for channel in _CHANNELS]
    _, schemas = msgspec.json.schema_components(messages, ref_template=_SCHEMAS)
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Open Nano Access Point: box and cloud",
            "version": DOCUMENT_VERSION,
            "description": (
                "MQTT 5 (3.1.1 accepted) over TLS with client certificates, QoS 1. The box is the "
                "one who sends and receives here. Its state/conn is also its Will."
            ),
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "channels": {_name(channel): _channel(channel) for channel in _CHANNELS},
        "operations": {
            f"{channel.action}{_name(channel)}": _operation(channel) for channel in _CHANNELS
        },
        "components": {
            "messages": {_name(channel): _message(channel) for channel in _CHANNELS},
            "schemas": _plain(schemas),
        },
    }


def text() -> str:
    """The document as it stands in the repository."""
    return json.dumps(document(), indent=2, ensure_ascii=False) + "\n"


def _name(channel: _Channel) -> str:
    return channel.message.__name__


def _channel(channel: _Channel) -> dict[str, Any]:
    name = _name(channel)
    return {
        "address": channel.topic,
        "parameters": {"nap_id": {"description": f"Station, {topics.NAP_ID.pattern}"}},
        "messages": {name: {"$ref": f"#/components/messages/{name}"}},
    }


def _operation(channel: _Channel) -> dict[str, Any]:
    name = _name(channel)
    return {
        "action": channel.action,
        "channel": {"$ref": f"#/channels/{name}"},
        "messages": [{"$ref": f"#/channels/{name}/messages/{name}"}],
        "bindings": {"mqtt": {"qos": 1, "retain": channel.retained}},
    }


def _message(channel: _Channel) -> dict[str, Any]:
    name = _name(channel)
    return {
        "name": name,
        "summary": (getdoc(channel.message) or name).splitlines()[0],
        "contentType": "application/json",
        "payload": {"$ref": _SCHEMAS.format(name=name)},
    }


def _plain(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    """Without `prefixItems`, which AsyncAPI's own schema language (draft 07) does not know."""
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if not isinstance(value, dict):
        return value
    found = {key: _plain(item) for key, item in value.items()}
    if "prefixItems" in found:
        [found["items"]] = _different(found.pop("prefixItems"))
    return found


def _different(items: list[Any]) -> list[Any]:
    return [item for at, item in enumerate(items) if item not in items[:at]]


if __name__ == "__main__":
    sys.stdout.write(text())
