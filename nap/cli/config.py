"""`nap config show|check`: the configuration in force, and whether a file would do."""

from __future__ import annotations

import argparse
from pathlib import Path

from nap.cli.box import add_config_argument, complain, configured
from nap.config import load
from nap.config_errors import ConfigError
from nap.config_text import commented


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    actions = parser.add_subparsers(dest="action", required=True)
    show = actions.add_parser("show", help="print the file with all values in force and comments")
    add_config_argument(show)
    check = actions.add_parser("check", help="say whether a file can be used, and what is wrong")
    check.add_argument("file", type=Path, metavar="FILE")


def run(args: argparse.Namespace) -> int:
    """Do it."""
    return _check(args.file) if args.action == "check" else _show(args)


def _show(args: argparse.Namespace) -> int:
    config = configured(args)
    if config is None:
        return 1
    print(commented(config), end="")
    return 0


def _check(path: Path) -> int:
    try:
        advice = load(path).radio.advice
    except ConfigError as error:
        complain(str(error))
        return 1
    print(f"{path}: good")
    if advice:
        complain(f"{path}: {advice}")
    return 0
