"""Key files: one JSON object that gives devices their NAK."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import msgspec

_LARGEST_BYTES: Final = 64 * 1024 * 1024  # a million devices
_DEVICE_ID: Final = re.compile(r"[0-9A-Fa-f]{1,8}")
_NAK: Final = re.compile(r"[0-9A-Fa-f]{32}")


class KeyFileError(Exception):
    """The key file cannot be read or has an entry that is no key; says which."""


def read_keys(path: Path) -> dict[str, bytes]:
    """NAKs by device id (8 lower-case hex digits).

    Raises:
        KeyFileError: the file is missing, no JSON object of strings, or holds a bad entry. Keys
            themselves are never told.
    """
    try:
        with path.open("rb") as file:
            text = file.read(_LARGEST_BYTES + 1)
    except OSError as error:
        msg = f"{path}: {error.strerror}"
        raise KeyFileError(msg) from error
    if len(text) > _LARGEST_BYTES:
        msg = f"{path}: more than {_LARGEST_BYTES} bytes"
        raise KeyFileError(msg)
    try:
        entries = msgspec.json.decode(text, type=dict[str, str])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        msg = f"{path}: not a JSON object of device id to NAK: {error}"
        raise KeyFileError(msg) from error
    return {_device_id(path, name): _nak(path, name, nak) for name, nak in entries.items()}


def _device_id(path: Path, name: str) -> str:
    if not _DEVICE_ID.fullmatch(name):
        msg = f"{path}: {name[:40]!r} is not a device id of up to 8 hex digits"
        raise KeyFileError(msg)
    return name.lower().zfill(8)


def _nak(path: Path, name: str, nak: str) -> bytes:
    if not _NAK.fullmatch(nak):
        msg = f"{path}: the NAK of {name} is not 32 hex digits"
        raise KeyFileError(msg)
    return bytes.fromhex(nak)
