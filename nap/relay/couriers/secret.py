"""Secrets are files; they are read at every connection, so that a new one counts at once."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Final

from nap.wire.errors import Cause, LinkError

LARGEST_BYTES: Final = 16 * 1024


async def read_secret(path: Path) -> str:
    """The text of `path` without the line end.

    Raises:
        LinkError: it cannot be read, or is no line of text.
    """
    try:
        text = (await asyncio.to_thread(_read, path)).decode().rstrip("\r\n")
    except OSError as error:
        raise LinkError(Cause.CREDENTIAL_FILE, f"{path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise LinkError(Cause.CREDENTIAL_FILE, f"{path}: not text") from error
    if not text or not text.isprintable():
        raise LinkError(Cause.CREDENTIAL_FILE, f"{path}: not one line of text")
    return text


def _read(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(LARGEST_BYTES)
