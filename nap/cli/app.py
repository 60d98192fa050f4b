"""Entry point of the `nap` command."""

from __future__ import annotations

import argparse
import errno
import sys
from importlib import import_module
from importlib.metadata import version
from typing import Final, Protocol, cast


class Command(Protocol):
    """What a module of a subcommand offers."""

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add the arguments."""
        ...

    def run(self, args: argparse.Namespace) -> int:
        """Do it; return the exit code: 0 done, 1 failed, 2 wrong usage."""
        ...


# Imported on use: a command must not pay for the libraries of the others.
MODULES: Final = {
    "run": ("nap.cli.run", "run the gateway"),
    "status": ("nap.cli.status", "how the gateway on this box is"),
    "whitelist": ("nap.cli.whitelist", "show and change which devices are served"),
    "clips": ("nap.cli.clips", "samples of what did not decode, and of the last seconds"),
    "config": ("nap.cli.config", "show and check the configuration"),
    "decode": ("nap.cli.decode", "find and decode every uplink in a SigMF recording"),
    "waterfall": ("nap.cli.waterfall", "draw a SigMF recording, each burst boxed and named"),
    "frames": ("nap.cli.frames", "encode and decode frames, JSON Lines in and out"),
    "modulate": ("nap.cli.modulate", "write the samples of a downlink as a SigMF recording"),
}


def _parser(wanted: str | None) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="nap", description="Open Sigfox Nano Access Point.")
    parser.add_argument("--version", action="version", version=f"nap {version('open-nap')}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, (module_name, summary) in MODULES.items():
        command = commands.add_parser(name, help=summary, description=summary)
        if name == wanted:
            module = cast("Command", import_module(module_name))
            module.configure(command)
            command.set_defaults(run=module.run)
    return parser


def main() -> int:
    """Run the subcommand that the command line names."""
    wanted = next((word for word in sys.argv[1:] if not word.startswith("-")), None)
    args = _parser(wanted).parse_args()
    try:
        return int(args.run(args))
    except BrokenPipeError:
        # The reader (head, less) has seen enough; keep the interpreter's flush at exit quiet.
        sys.stdout = None
        return 0
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        sys.stderr.write(f"nap {args.command}: {error.strerror}\n")
        sys.stdout = None
        return 1
    except KeyboardInterrupt:
        return 130
