"""Where messages go: the `[[destination]]` tables of the configuration."""

from __future__ import annotations

import ipaddress
import re
import string
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Final, Literal
from urllib.parse import urlsplit

from msgspec import Meta, Struct

Name = Annotated[
    str, Meta(pattern=r"^[a-z][a-z0-9_-]{0,31}$(?!\n)", description="unique, for status")
]
Host = Annotated[str, Meta(pattern=r"^[A-Za-z0-9:]([A-Za-z0-9.:-]{0,251}[A-Za-z0-9])?$(?!\n)")]
Port = Annotated[int, Meta(ge=1, le=65535)]
Seconds = Annotated[float, Meta(ge=1, le=3600)]
InFlight = Annotated[int, Meta(ge=1, le=10_000)]

# What a topic may be made of.
TOPIC_FIELDS: Final = frozenset({"nap_id", "event", "device_id"})


class Pace(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How fast a destination is served.

    Attributes:
        in_flight: Messages sent and not yet acknowledged by broker or server; the broker's own
            limit counts too.
        live_reserve: Share of `in_flight` that only live messages may use, so that they need not
            queue behind a backlog.
        drain_per_s: Messages per second of the backlog.
        unconfirmed: Messages sent and not yet confirmed end to end (cloud only).
        confirm_within_s: What is not confirmed by then is sent again (cloud only).
        progress_within_s: A connection over which nothing is acknowledged for this long is
            dropped and made anew.
    """

    in_flight: InFlight = 100
    live_reserve: Annotated[float, Meta(ge=0, le=0.9)] = 0.25
    drain_per_s: Annotated[float, Meta(ge=0.1, le=1e6)] = 50.0
    unconfirmed: Annotated[int, Meta(ge=1, le=20_000)] = 2000
    confirm_within_s: Seconds = 30.0
    progress_within_s: Seconds = 120.0


class Destination(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind"):
    """What all destinations have.

    Attributes:
        start: Where a destination new to the spool begins: with the oldest record that is still
            there, or with the next to come.
    """

    name: Name
    start: Literal["oldest", "newest"] = "oldest"
    pace: Pace = Pace()


class CloudDestination(Destination, frozen=True, kw_only=True, tag="cloud"):
    """Our cloud: MQTT over TLS; a message ends when the cloud has committed it."""

    name: Name = "cloud"
    host: Host
    port: Port = 8883
    authority_path: Path
    certificate_path: Path
    key_path: Path
    keep_alive_s: Annotated[int, Meta(ge=1, le=3600)] = 60


class MqttDestination(Destination, frozen=True, kw_only=True, tag="mqtt"):
    """Any MQTT broker; a message ends when the broker has acknowledged it.

    That is less than what our cloud promises: a broker may lose what it has acknowledged, and
    acknowledges what nobody listens to.

    Attributes:
        tls: Without it everybody on the way can read and change messages.
        authority_path: Authorities to trust; absent means those of the system.
        topic: May contain {nap_id}, {event} and {device_id}.
        password_path: File with the password; a line end is ignored.
    """

    name: Name = "mqtt"
    host: Host
    port: Port = 8883
    tls: bool = True
    authority_path: Path | None = None
    certificate_path: Path | None = None
    key_path: Path | None = None
    client_id: Annotated[str, Meta(min_length=1, max_length=64)] | None = None
    user: Annotated[str, Meta(min_length=1, max_length=128)] | None = None
    password_path: Path | None = None
    topic: Annotated[str, Meta(min_length=1, max_length=200)] = "nap/{nap_id}/event/{event}"
    keep_alive_s: Annotated[int, Meta(ge=1, le=3600)] = 60

    def __post_init__(self) -> None:
        """Check what goes beyond single fields."""
        _check_topic(self.topic)
        _check_pair(self.certificate_path, self.key_path)
        if self.password_path is not None and self.user is None:
            msg = "password_path needs user"
            raise ValueError(msg)
        if not self.tls and (self.authority_path or self.certificate_path):
            msg = "authority_path and certificate_path need tls = true"
            raise ValueError(msg)


class HttpDestination(Destination, frozen=True, kw_only=True, tag="http"):
    """A web server that takes JSON by POST; a message ends with an answer of 2xx.

    Attributes:
        batch: Messages in one request, as a JSON array; 1 sends single objects.
        requests: Requests under way at once.
        bearer_path: File with a token for `Authorization: Bearer`; a line end is ignored.
    """

    name: Name = "http"
    url: Annotated[str, Meta(pattern=r"^https?://[^\s]+$(?!\n)", max_length=1000)]
    batch: Annotated[int, Meta(ge=1, le=1000)] = 1
    requests: Annotated[int, Meta(ge=1, le=32)] = 2
    timeout_s: Seconds = 30.0
    bearer_path: Path | None = None
    authority_path: Path | None = None
    certificate_path: Path | None = None
    key_path: Path | None = None

    def __post_init__(self) -> None:
        """Check what goes beyond single fields."""
        parts = urlsplit(self.url)
        if not parts.hostname or parts.username or parts.fragment:
            msg = "url needs a host, and neither a user nor a #fragment"
            raise ValueError(msg)
        if self.bearer_path and parts.scheme == "http" and not _is_loopback(parts.hostname):
            msg = "bearer_path needs an https url: the token would be readable"
            raise ValueError(msg)
        _check_pair(self.certificate_path, self.key_path)


AnyDestination = CloudDestination | MqttDestination | HttpDestination


def check_destinations(destinations: Sequence[AnyDestination]) -> None:
    """Raise ValueError when two destinations have the same name: each has its own cursor."""
    seen: set[str] = set()
    for destination in destinations:
        if destination.name in seen:
            msg = f"two destinations are called {destination.name!r}: give each its own name"
            raise ValueError(msg)
        seen.add(destination.name)


def _check_topic(topic: str) -> None:
    try:
        parts = list(string.Formatter().parse(topic))
    except ValueError as error:
        msg = f"topic: {error}"
        raise ValueError(msg) from error
    for text, field, style, conversion in parts:
        if re.search(r"[+#\x00-\x1f]", text) or text.startswith("$"):
            msg_0 = "topic: no wildcards, control characters or leading $"
            raise ValueError(msg_0)
        if field is not None and (field not in TOPIC_FIELDS or style or conversion):
            known = ", ".join(f"{{{name}}}" for name in sorted(TOPIC_FIELDS))
            msg = f"topic: {{{field}}} is not one of {known}"
            raise ValueError(msg)


def _check_pair(certificate_path: Path | None, key_path: Path | None) -> None:
    if (certificate_path is None) != (key_path is None):
        msg = "certificate_path and key_path need each other"
        raise ValueError(msg)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
