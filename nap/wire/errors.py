"""Why a link to the broker could not be made, or ended."""

from __future__ import annotations

from enum import StrEnum


class Cause(StrEnum):
    """The stable key of each cause, for status, console and tests."""

    NAME_UNKNOWN = "name_unknown"
    """The host name does not resolve."""
    UNREACHABLE = "unreachable"
    """No address of the host takes the connection."""
    TIMEOUT = "timeout"
    """The peer took the connection and then did not answer in time."""
    CERTIFICATE_FILES = "certificate.files"
    """Our own certificate, key or authority file cannot be used."""
    CREDENTIAL_FILE = "credential.file"
    """A password or token file cannot be used."""
    CERTIFICATE_EXPIRED = "certificate.expired"
    """The peer's certificate, or ours in the peer's eyes, has expired."""
    CERTIFICATE_NOT_YET_VALID = "certificate.not_yet_valid"
    """Valid only in the future: most often a clock is wrong."""
    CERTIFICATE_UNKNOWN_AUTHORITY = "certificate.unknown_authority"
    """Signed by an authority that the other side does not trust."""
    CERTIFICATE_WRONG_NAME = "certificate.wrong_name"
    """The certificate is for another host."""
    CERTIFICATE_REFUSED = "certificate.refused"
    """The peer does not accept our certificate, or wants one and got none."""
    TLS = "tls"
    """Any other failure of TLS; often the peer does not speak it."""
    REFUSED = "refused"
    """The peer answered and said no to everything we bring."""
    BUSY = "busy"
    """The peer answered and asks to come again later."""
    VERSION_REFUSED = "version_refused"
    """The broker does not speak this version of MQTT."""
    PROTOCOL = "protocol"
    """The peer sent what MQTT does not allow, or too much of it."""
    KEEP_ALIVE = "keep_alive"
    """The connection stands, but nothing comes through it any more."""
    CLOSED = "closed"
    """The peer ended a working connection."""
    STALLED = "stalled"
    """The connection works, but what was sent is not acknowledged."""


class LinkError(Exception):
    """The link could not be made, or ended; a new one may succeed later.

    It knows nothing of supervision on purpose: box and cloud both use it, each under a
    supervisor of its own.
    """

    def __init__(self, cause: Cause, text: str) -> None:
        super().__init__(text)
        self.cause = cause


class WindowFullError(Exception):
    """The caller published more than the broker allows to be unacknowledged at once."""
