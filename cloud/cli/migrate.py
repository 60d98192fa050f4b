"""`nap-cloud migrate`: bring the database to this program's schema, as `run` does at its start."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from cloud import config
from cloud.errors import ConfigError, StoreError
from cloud.store.engine import open_writer, parse_url
from cloud.store.migrate import migrate


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("--config", type=Path, required=True, metavar="FILE")


def run(args: argparse.Namespace) -> int:
    """Migrate and tell the schema's revision."""
    try:
        url = parse_url(config.load(args.config).store.url)
        revision = migrate(open_writer(url))
    except (ConfigError, StoreError) as error:
        print(f"nap-cloud migrate: {error}", file=sys.stderr)
        return 1
    print(f"schema {revision}")
    return 0
