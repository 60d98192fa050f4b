"""`nap-cloud station`: certificates of the stations."""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path

from cloud.pki import Authority, PkiError


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    certificate = actions.add_parser(
        "certificate",
        help="issue a station's client.crt, client.key and ca.crt",
        description="Issue the three files that a station needs to reach the broker.",
    )
    certificate.add_argument("nap_id", metavar="NAP_ID")
    certificate.add_argument(
        "--dir", type=Path, required=True, dest="folder", help="the DIR given to nap-cloud init"
    )
    certificate.add_argument(
        "--out", type=Path, default=None, help="folder of the files; default DIR/stations/NAP_ID"
    )


def run(args: argparse.Namespace) -> int:
    """Issue the certificate; print the folder that holds it."""
    try:
        authority = Authority.load(args.folder / "ca")
        credential = authority.issue_station(args.nap_id, datetime.now(UTC))
        folder: Path = args.out or args.folder / "stations" / args.nap_id
        credential.write(folder, "client")
    except PkiError as error:
        print(f"nap-cloud station: {error}", file=sys.stderr)
        return 1
    print(folder)
    return 0
