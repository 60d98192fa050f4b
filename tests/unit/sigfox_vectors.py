"""The published test vectors, as pytest parameters."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

VECTORS: list[dict[str, Any]] = json.loads(
    (Path(__file__).parent / "data" / "sigfox-vectors.json").read_text()
)["vectors"]


def of_kinds(prefix: str) -> list[dict[str, Any]]:
    return [vector for vector in VECTORS if vector["kind"].startswith(prefix)]


def transmissions() -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Each uplink frame of the message traces, with its trace."""
    return [
        (trace, event)
        for trace in of_kinds("message_trace")
        for event in trace["events"]
        if event["ev"] == "tx"
    ]


def deliveries() -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Each downlink that a device of the message traces received, with its trace."""
    return [
        (trace, event)
        for trace in of_kinds("message_trace")
        for event in trace["events"]
        if event["ev"] == "dl_delivered"
    ]
