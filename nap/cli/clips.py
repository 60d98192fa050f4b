"""`nap clips`: the samples that the black box keeps."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

import msgspec

from nap.cli.box import add_config_argument, ask, complain, show
from nap.clips import ClipList, ClipListed, ClipMade, ClipWanted
from nap.config import Config


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    add_config_argument(parser)
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument(
        "action",
        nargs="?",
        choices=("list", "record"),
        default="list",
        help="list what there is (default), or keep the last samples as a clip",
    )
    parser.add_argument(
        "seconds", nargs="?", type=float, help="to record; as far back as memory reaches"
    )


def run(args: argparse.Namespace) -> int:
    """List clips, or have one made; 1 when that cannot be, 2 without a length."""
    if (args.action == "record") != (args.seconds is not None):
        complain("nap clips record SECONDS, or nap clips")
        return 2
    lines = _record if args.action == "record" else _list
    return show(args, lambda config: lines(config, args))


def _record(config: Config, args: argparse.Namespace) -> list[str]:
    wanted = ClipWanted(seconds=args.seconds)
    made = ask(config.socket_path, "POST", "/v1/clips", ClipMade, wanted)
    if args.json:
        return [msgspec.json.encode(made).decode()]
    return [f"{made.path}  {made.seconds:.1f} s"]


def _list(config: Config, args: argparse.Namespace) -> list[str]:
    listed = ask(config.socket_path, "GET", "/v1/clips", ClipList)
    if args.json:
        return [msgspec.json.encode(listed).decode()]
    if not listed.clips:
        return ["no clips"]
    return [*map(_row, listed.clips), *_sum(listed.clips)]


def _row(clip: ClipListed) -> str:
    level = f"{clip.snr_db:5.1f} dB" if clip.kind == "undecoded" else " " * 8
    zones = "+".join(clip.zones)
    return f"{clip.written_utc[:19]}Z  {clip.kind:9}  {level}  {zones:9}  {clip.path}"


def _sum(clips: list[ClipListed]) -> Iterator[str]:
    yield f"{len(clips)} clips, {sum(clip.bytes for clip in clips) / 1e6:.1f} MB"
