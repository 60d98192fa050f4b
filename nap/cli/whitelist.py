"""`nap whitelist`: show and change the list, with the gateway when it runs, else in its file."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec

from nap.api.bodies import DryRun
from nap.cli.box import (
    NotRunningError,
    RefusedError,
    add_config_argument,
    complain,
    configured,
)
from nap.cli.whitelist_keeper import Keeper, Running, Stopped
from nap.whitelist import rules_file
from nap.whitelist.change import Change, ChangeError
from nap.whitelist.entries import EntryError
from nap.whitelist.heard import Loss
from nap.whitelist.rules import Mode, Rules
from nap.whitelist.text_format import FILE_LIMIT, ListFormatError, read_entries


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    actions = parser.add_subparsers(dest="action", required=True)
    show = actions.add_parser("show", help="print mode and lists")
    add = actions.add_parser("add", help="add ids (0123abcd), prefixes (0123*) or ranges (a-b)")
    remove = actions.add_parser("remove", help="remove entries")
    mode = actions.add_parser("mode", help="off, enforce, or observe: count what enforce drops")
    mode.add_argument("mode", choices=[one.value for one in Mode])
    importing = actions.add_parser("import", help="add the entries of a text or CSV file")
    dry_run = actions.add_parser("dry-run", help="what the last 7 days would have lost")
    dry_run.add_argument("--mode", choices=[one.value for one in Mode], default="enforce")
    for action in (add, remove):
        action.add_argument("entries", nargs="+", metavar="ENTRY")
    for action in (add, remove, importing):
        action.add_argument("--deny", action="store_true", help="in the deny list")
    importing.add_argument("file", type=Path, metavar="FILE", help="- reads standard input")
    dry_run.add_argument("file", type=Path, nargs="?", metavar="FILE", help="instead of the list")
    for action in (importing, dry_run):
        action.add_argument("--column", help="of a CSV file; otherwise device_id, device or id")
    importing.add_argument("--replace", action="store_true", help="drop the entries there were")
    for action in (show, add, remove, mode, importing, dry_run):
        add_config_argument(action)
        action.add_argument("--json", action="store_true", help="print JSON")


def run(args: argparse.Namespace) -> int:
    """Do it."""
    config = configured(args)
    if config is None:
        return 1
    action = _ACTIONS[args.action]
    try:
        try:
            return action(args, Running(config))
        except NotRunningError:
            return action(args, Stopped(config))
    except (
        RefusedError, EntryError, ChangeError, ListFormatError, rules_file.RulesFileError
    ) as error:  # fmt: skip
        complain(str(error))
    except OSError as error:
        complain(f"{error.filename}: {error.strerror}")
    return 1


def _show(args: argparse.Namespace, keeper: Keeper) -> int:
    rules = keeper.rules()
    lines = [f"# mode {rules.mode.value}", *rules.allow]
    lines += ["# denied", *rules.deny] if rules.deny else []
    _print(rules, lines, as_json=args.json)
    return 0


def _add(args: argparse.Namespace, keeper: Keeper) -> int:
    return _edit(args, keeper, add=args.entries, remove=[])


def _remove(args: argparse.Namespace, keeper: Keeper) -> int:
    return _edit(args, keeper, add=[], remove=args.entries)


def _import(args: argparse.Namespace, keeper: Keeper) -> int:
    add = _entries(args)
    rules = keeper.rules()
    there = rules.deny if args.deny else rules.allow
    return _edit(args, keeper, add=add, remove=there if args.replace else [])


def _edit(args: argparse.Namespace, keeper: Keeper, *, add: list[str], remove: list[str]) -> int:
    if args.deny:
        return _changed(args, keeper.change(Change(deny_add=add, deny_remove=remove)))
    return _changed(args, keeper.change(Change(allow_add=add, allow_remove=remove)))


def _mode(args: argparse.Namespace, keeper: Keeper) -> int:
    return _changed(args, keeper.change(Change(mode=Mode(args.mode))))


def _changed(args: argparse.Namespace, rules: Rules) -> int:
    counts = f"mode {rules.mode.value}, {len(rules.allow)} allowed, {len(rules.deny)} denied"
    _print(rules, [counts], as_json=args.json)
    return 0


def _dry_run(args: argparse.Namespace, keeper: Keeper) -> int:
    mode = Mode(args.mode)
    if args.file:
        rules = Rules(mode=mode, allow=_entries(args), deny=keeper.rules().deny)
        loss = keeper.dry_run(DryRun(rules=rules))
    else:
        loss = keeper.dry_run(DryRun(change=Change(mode=mode)))
    _print(loss, _loss_lines(loss), as_json=args.json)
    return 0


def _loss_lines(loss: Loss) -> list[str]:
    lines = [f"{'day':<12}{'messages':>10}{'lost':>10}{'devices':>10}{'lost':>10}"]
    lines += [
        f"{day.date:<12}{day.messages:>10}{day.lost_messages:>10}{day.devices:>10}{day.lost_devices:>10}"
        for day in loss.days
    ]
    lines.append(f"lost: {loss.lost_messages} messages of {loss.lost_devices} devices")
    if loss.unrecorded:
        lines.append(f"unknown: {loss.unrecorded} messages of devices beyond the record's size")
    return lines + [f"  {device}  {count}" for device, count in loss.devices.items()]


def _entries(args: argparse.Namespace) -> list[str]:
    if str(args.file) == "-":
        content = sys.stdin.buffer.read(FILE_LIMIT + 1)
        return read_entries(content, name="standard input", column=args.column)
    with args.file.open("rb") as file:
        return read_entries(file.read(FILE_LIMIT + 1), name=str(args.file), column=args.column)


def _print(answer: msgspec.Struct, lines: list[str], *, as_json: bool) -> None:
    text = msgspec.json.encode(answer).decode() if as_json else "\n".join(lines)
    print(text)


_ACTIONS: dict[str, Callable[[argparse.Namespace, Keeper], int]] = {
    "show": _show,
    "add": _add,
    "remove": _remove,
    "mode": _mode,
    "import": _import,
    "dry-run": _dry_run,
}
