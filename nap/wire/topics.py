"""Topic names, the ChirpStack shape: nap/<nap_id>/{event,state,command,reply}/<name>."""

from __future__ import annotations

import re
from typing import Final

NAP_ID: Final = re.compile(r"[A-Za-z0-9-]{1,32}")
_TOPIC: Final = re.compile(
    rf"nap/(?P<nap_id>{NAP_ID.pattern})/(event|state|command|reply)/[a-z_]{{1,32}}"
)


def event(nap_id: str, name: str) -> str:
    """Topic of an event that the box publishes."""
    return f"nap/{nap_id}/event/{name}"


def state(nap_id: str, name: str) -> str:
    """Topic of a retained state that the box publishes."""
    return f"nap/{nap_id}/state/{name}"


def command(nap_id: str, name: str) -> str:
    """Topic of a command to the box."""
    return f"nap/{nap_id}/command/{name}"


def reply(nap_id: str, name: str) -> str:
    """Topic of the box's answer to a command."""
    return f"nap/{nap_id}/reply/{name}"


def nap_of(topic: str) -> str | None:
    """The nap_id that a topic belongs to, or None when it is none of ours."""
    match = _TOPIC.fullmatch(topic)
    return match["nap_id"] if match else None
