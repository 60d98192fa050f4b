"""`nap-cloud config`: show the values in force, or check a file."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from cloud import config
from cloud.config_text import render
from cloud.errors import ConfigError, StoreError
from cloud.store.engine import parse_url


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    show = verbs.add_parser("show", help="print the commented file with the values in force")
    show.add_argument("--config", type=Path, required=True, metavar="FILE", dest="file")
    check = verbs.add_parser("check", help="say whether a file can be used")
    check.add_argument("file", type=Path, metavar="FILE")


def run(args: argparse.Namespace) -> int:
    """Do what the verb says."""
    try:
        settings = config.load(args.file)
        parse_url(settings.store.url)
        missing = [
            path
            for path in (settings.mqtt.authority, settings.mqtt.certificate, settings.mqtt.key)
            if not path.is_file()
        ]
    except (ConfigError, StoreError) as error:
        print(f"nap-cloud config: {error}", file=sys.stderr)
        return 1
    if args.verb == "show":
        print(render(settings), end="")
        return 0
    for path in missing:
        print(f"nap-cloud config: {args.file}: no such file: {path}", file=sys.stderr)
    if not missing:
        print(f"{args.file}: ok")
    return 1 if missing else 0
