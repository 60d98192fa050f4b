"""Files with secrets: read by their owner only, and never half written."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


class PrivateFileError(Exception):
    """The file cannot be written; the message names it and says why."""


def write_private(path: Path, content: bytes) -> None:
    """Write a file that only its owner reads, whole or not at all, across a power cut.

    Raises:
        PrivateFileError: the folder cannot be made or written.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        temporary = _write_beside(path, content)
        try:
            temporary.replace(path)
        except OSError:
            temporary.unlink()
            raise
        _sync_folder(path.parent)
    except OSError as error:
        msg = f"{path}: {error.strerror or error}"
        raise PrivateFileError(msg) from error


def _write_beside(path: Path, content: bytes) -> Path:
    # mkstemp makes the file 0600 from the first instant.
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        Path(temporary).unlink()
        raise
    return Path(temporary)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
