"""`nap-cloud run`: ingest, pages and API in one program."""

from __future__ import annotations

import argparse
import logging
import sys
from pathlib import Path

from cloud import app, config
from cloud.errors import ConfigError, StartError, StoreError


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("--config", type=Path, required=True, metavar="FILE")


def run(args: argparse.Namespace) -> int:
    """Run until SIGTERM or Ctrl-C."""
    try:
        settings = config.load(args.config)
        logging.basicConfig(
            level=settings.log_level.upper(),
            format="%(asctime)s %(levelname)s %(name)s: %(message)s",
        )
        # One line per migration step at start is enough noise from it.
        logging.getLogger("alembic").setLevel(logging.WARNING)
        app.run(settings)
    except (ConfigError, StartError, StoreError) as error:
        print(f"nap-cloud run: {error}", file=sys.stderr)
        return 1
    return 0
