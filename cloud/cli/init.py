"""`nap-cloud init`: everything a new cloud needs before its broker can start."""

from __future__ import annotations

import argparse
import os
import pwd
import sys
from datetime import UTC, datetime
from pathlib import Path

from cloud.broker import CLOUD_USER, BrokerSettings, write_broker_files
from cloud.pki import Authority, PkiError
from cloud.private_file import PrivateFileError


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.description = (
        "Make a certificate authority, certificates for the broker and the cloud, and the broker's "
        "configuration. Run again, it keeps the authority and renews all the rest."
    )
    parser.add_argument("folder", type=Path, metavar="DIR")
    parser.add_argument(
        "--host",
        action="append",
        default=[],
        help="name or address under which stations reach the broker; may be repeated",
    )
    parser.add_argument("--bind", default="127.0.0.1", help="address the stations' listener has")
    parser.add_argument("--port", type=_port, default=8883, help="port for stations")
    parser.add_argument("--service-port", type=_port, default=8884, help="port for the cloud")


def run(args: argparse.Namespace) -> int:
    """Make the files; tell where they are."""
    try:
        configuration = _make(args)
    except (PkiError, PrivateFileError) as error:
        print(f"nap-cloud init: {error}", file=sys.stderr)
        return 1
    print(f"authority  {args.folder / 'ca'} (keep ca.key safe: it makes stations)")
    print(f"broker     mosquitto -c {configuration}")
    print(f"cloud      {args.folder / 'cloud'} (client certificate {CLOUD_USER})")
    print(f"next       nap-cloud station certificate NAP_ID --dir {args.folder}")
    return 0


def _make(args: argparse.Namespace) -> Path:
    now_utc = datetime.now(UTC)
    if (args.folder / "ca" / "ca.key").exists():
        authority = Authority.load(args.folder / "ca")
    else:
        authority = Authority.create("Open NAP authority", now_utc)
        authority.write(args.folder / "ca")
    # The cloud itself always comes over loopback.
    hosts = list(dict.fromkeys([*args.host, "localhost", "127.0.0.1", "::1"]))
    authority.issue_server(hosts, now_utc).write(args.folder / "broker", "server")
    authority.issue_service(CLOUD_USER, now_utc).write(args.folder / "cloud", "client")
    settings = BrokerSettings(
        account=pwd.getpwuid(os.getuid()).pw_name,
        bind=args.bind,
        port=args.port,
        service_port=args.service_port,
    )
    return write_broker_files(args.folder / "broker", settings)


def _port(text: str) -> int:
    port = int(text)
    if not 0 < port < 1 << 16:
        raise ValueError
    return port
