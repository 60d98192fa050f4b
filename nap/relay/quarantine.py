"""Records that a destination will never take, set aside as JSON lines for people to look at."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec

from nap.spool.ports import Record

log = logging.getLogger(__name__)

# Two files of this size per destination: thousands of records, and no danger to a small disk.
LARGEST_FILE_BYTES: Final = 1_000_000


class _Entry(msgspec.Struct):
    refused_utc: str
    reason: str
    kind: str
    record: msgspec.Raw


class Quarantine:
    """One destination's file; the one before it is kept as well, older ones are not."""

    def __init__(self, path: Path) -> None:
        self.path = path

    async def keep(self, refused: Sequence[tuple[Record, str]]) -> None:
        """Append the records with the reasons; a disk that refuses is told in the log."""
        now_utc = datetime.now(UTC).isoformat(timespec="seconds")
        entries = [
            _Entry(now_utc, reason, record.kind.value, msgspec.Raw(record.body))
            for record, reason in refused
        ]
        lines = b"".join(msgspec.json.encode(entry) + b"\n" for entry in entries)
        try:
            await asyncio.to_thread(self._append, lines)
        except OSError as error:
            log.warning("refused records not kept: %s path=%s", error.strerror, self.path)

    def _append(self, lines: bytes) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        if self.path.exists() and self.path.stat().st_size > LARGEST_FILE_BYTES:
            self.path.replace(self.path.with_suffix(".old.jsonl"))
        with self.path.open("ab") as file:
            file.write(lines)
