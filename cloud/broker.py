"""The configuration of the mosquitto broker between stations and cloud.

Two listeners, both TLS 1.2 or better with client certificates. On the public one a station's
MQTT client id is forced to be its certificate's name, so that no station can take over the
session of another. The services' own listener lets several workers share one certificate.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cloud.private_file import PrivateFileError, write_private

CLOUD_USER: Final = "service.cloud"
# The largest regular message is an acknowledgment of 10 000 ranges, about 350 kB.
LARGEST_PACKET_BYTES: Final = 512 * 1024

_CONFIGURATION: Final = """\
# Written by `nap-cloud init`, which overwrites it; your own settings go to {folder}/conf.d/*.conf
user {account}
per_listener_settings false
allow_anonymous false
acl_file {folder}/acl

# What waits here is only what a station would send again, because it keeps every message until
# the cloud has confirmed it. Persistence spares these repetitions after an orderly restart.
persistence true
persistence_location {folder}/data/
autosave_interval 300
# Sessions of clients that never come back must not fill the disk.
persistent_client_expiration 14d

# Announced to stations as Receive Maximum: enough for a fast drain over a long link.
max_inflight_messages {window}
# While the cloud is away, this much waits for it per client, then stations repeat later.
max_queued_messages 20000
max_queued_bytes 67108864
# The largest regular message is an acknowledgment of 10 000 ranges; anything beyond is an attack.
max_packet_size {largest_packet}
max_keepalive 3600
# Live messages must not wait for Nagle's timer.
set_tcp_nodelay true

log_dest stderr
log_type error
log_type warning
log_type notice
include_dir {folder}/conf.d

# Stations
listener {port} {bind}
{tls}
# No station takes over another's session by borrowing its client id.
use_username_as_clientid true

# Programs of the cloud
listener {service_port} {service_bind}
{tls}
"""

_TLS: Final = """\
cafile {folder}/ca.crt
certfile {folder}/server.crt
keyfile {folder}/server.key
require_certificate true
use_identity_as_username true
tls_version tlsv1.2"""

_ACL: Final = f"""\
# The programs of the cloud
user {CLOUD_USER}
topic readwrite nap/#

# A station: %u is the name in its certificate. Nothing else, and nothing of its neighbours.
pattern write nap/%u/event/+
pattern write nap/%u/state/+
pattern write nap/%u/reply/+
pattern read nap/%u/command/+
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerSettings:
    """What differs from one installation to the next.

    Attributes:
        account: Unix account that the broker runs as; it must own the folder.
        bind: Address of the stations' listener; services connect to `service_bind`.
        window: Unacknowledged messages per client and direction (the server's Receive Maximum).
    """

    account: str
    bind: str = "127.0.0.1"
    port: int = 8883
    service_bind: str = "127.0.0.1"
    service_port: int = 8884
    window: int = 1000


def write_broker_files(folder: Path, settings: BrokerSettings) -> Path:
    """Write mosquitto.conf and acl into `folder`; return the path of the former.

    Raises:
        PrivateFileError: the folder's name cannot stand in the file, or it cannot be written.
    """
    folder = folder.resolve()
    # mosquitto splits at blanks and has no quoting for some of its paths.
    if any(not letter.isprintable() or letter.isspace() for letter in str(folder)):
        msg = f"{folder}: the broker needs a path without blanks"
        raise PrivateFileError(msg)
    write_private(folder / "acl", _ACL.encode())
    for name in ("data", "conf.d"):
        (folder / name).mkdir(mode=0o700, exist_ok=True)
    path = folder / "mosquitto.conf"
    write_private(path, render(folder, settings).encode())
    return path


def render(folder: Path, settings: BrokerSettings) -> str:
    """The text of mosquitto.conf for the absolute path `folder`."""
    return _CONFIGURATION.format(
        folder=folder,
        account=settings.account,
        window=settings.window,
        largest_packet=LARGEST_PACKET_BYTES,
        port=settings.port,
        bind=settings.bind,
        service_port=settings.service_port,
        service_bind=settings.service_bind,
        tls=_TLS.format(folder=folder),
    )
