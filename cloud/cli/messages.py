"""`nap-cloud messages`: the newest messages, straight from the database."""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

import msgspec

from cloud import config
from cloud.errors import ConfigError, DatabaseRefusedError, StoreError
from cloud.store.engine import open_reader, parse_url
from cloud.store.reader import LARGEST_PAGE, MessageFilter, Reader
from cloud.store.views import Message


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("--config", type=Path, required=True, metavar="FILE")
    parser.add_argument("--device", type=_device_id, metavar="ID", help="8 hex digits")
    parser.add_argument(
        "--limit", type=_limit, default=20, metavar="N", help=f"1 to {LARGEST_PAGE}, default 20"
    )
    parser.add_argument("--json", action="store_true", help="one JSON object per line")


def run(args: argparse.Namespace) -> int:
    """Print messages, newest first."""
    try:
        reader = Reader(open_reader(parse_url(config.load(args.config).store.url)))
        page = reader.page(MessageFilter(device_id=args.device), args.limit)
    except (ConfigError, StoreError, DatabaseRefusedError) as error:
        print(f"nap-cloud messages: {error}", file=sys.stderr)
        return 1
    if not args.json:
        print(_row("HEARD", "DEVICE", "SEQ", "TYPE", "PAYLOAD", "SNR dB", "ZONE", "STATIONS"))
    for message in page.messages:
        print(msgspec.json.encode(message).decode() if args.json else _line(message))
    return 0


def _line(message: Message) -> str:
    return _row(
        message.heard_utc,
        message.device_id,
        str(message.seq_number),
        message.message_type,
        message.payload or "-",
        f"{message.snr_db:.1f}",
        (message.zone or "-") + (" late" if message.late else ""),
        " ".join(one.station for one in message.receptions),
    )


def _row(*cells: str) -> str:
    widths = (24, 8, 4, 13, 24, 6, 8, 0)
    return "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip()


def _device_id(text: str) -> str:
    if not re.fullmatch("[0-9a-fA-F]{8}", text):
        raise ValueError
    return text.lower()


def _limit(text: str) -> int:
    limit = int(text)
    if not 1 <= limit <= LARGEST_PAGE:
        raise ValueError
    return limit
