"""Topic names, the ChirpStack shape: nap/<nap_id>/{event,state,command,reply}/<name>."""

from __future__ import annotations

import re
from typing import Final

NAP_ID: Final = re.compile(r"[A-Za-z0-9-]{1,32}")


def event(nap_id: str, name: str) -> str:
    """Topic of an event that the box publishes."""
    return f"nap/{nap_id}/event/{name}"


def state(nap_id: str, name: str) -> str:
    """Topic of a retained state that the box publishes."""
    return f"nap/{nap_id}/state/{name}"


def command(nap_id: str, name: str) -> str:
    """Topic of a command to the box."""
    return f"nap/{nap_id}/command/{name}"


def nap_of(topic: str) -> str | None:
    """The nap_id that a topic belongs to, or None when it is none of ours."""
    parts = topic.split("/")
    if len(parts) != 4 or parts[0] != "nap" or not NAP_ID.fullmatch(parts[1]):
        return None
    return parts[1]
