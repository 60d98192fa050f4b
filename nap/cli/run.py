"""`nap run`: the gateway itself, in the foreground."""

from __future__ import annotations

import argparse
import logging

from nap.cli.box import add_config_argument, complain, configured


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    add_config_argument(parser)
    parser.add_argument("--verbose", action="store_true", help="log more")


def run(args: argparse.Namespace) -> int:
    """Run until told to stop; 1 when a part failed for good."""
    # Heavy: other commands that share the helpers above do not pay for it.
    from nap.app import run as run_gateway  # noqa: PLC0415
    from nap.runtime.logs import set_up_logs  # noqa: PLC0415
    from nap.spool.errors import SpoolInUseError  # noqa: PLC0415

    config = configured(args)
    if config is None:
        return 1
    set_up_logs(verbose=args.verbose)
    try:
        run_gateway(config)
    except SpoolInUseError:
        complain(f"another gateway already runs on {config.state_dir}")
        return 1
    except BaseExceptionGroup:
        # A clean process is safer than one in an unknown state: the supervisor starts it.
        logging.getLogger(__name__).critical("a part failed for good", exc_info=True)
        return 1
    return 0
