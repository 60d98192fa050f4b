"""The whitelist in force: judged by, changed, kept on disk, with the record of what was heard."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import msgspec

from nap.durable_file import replace_file
from nap.whitelist import rules_file
from nap.whitelist.heard import Loss, loss_under, read_heard
from nap.whitelist.paths import heard_path, rules_path
from nap.whitelist.rules import Judge, Mode, Rules, Verdict

_log = logging.getLogger(__name__)


class Whitelist:
    """Rules and record of one box. Belongs to the event loop; fits Service.

    Attributes:
        would_drop: Messages since the start that `enforce` would have dropped.
    """

    name = "whitelist"
    quiet_limit_s = 600.0
    _save_every_s = 120.0

    def __init__(self, state_dir: Path, first_mode: Mode) -> None:
        self._rules_path, self._heard_path = rules_path(state_dir), heard_path(state_dir)
        self._judge = rules_file.load(self._rules_path, first_mode)
        self.heard = read_heard(self._heard_path)
        self._lock = asyncio.Lock()
        self.would_drop = 0

    @property
    def rules(self) -> Rules:
        """The rules in force."""
        return self._judge.rules

    def judge(self, device_id: str, date: str) -> Verdict:
        """Decide on a message heard today (ISO date), and record it."""
        self.heard.note(device_id, date)
        verdict = self._judge.judge(device_id)
        self.would_drop += not verdict.listed
        return verdict

    async def change(self, make: Callable[[Rules], Rules]) -> Rules:
        """Replace the rules: on disk first, then in force at once.

        Raises:
            OSError: the disk refused; the old rules stay in force.
            EntryError, ChangeError: from `make` or of the new rules.
        """
        async with self._lock:
            # Reading 200 000 entries takes a good part of a second: not on the loop.
            self._judge = await asyncio.to_thread(self._store, make, self.rules)
        rules = self.rules
        _log.info(
            "whitelist changed, mode: %s, allow: %d, deny: %d",
            rules.mode.value, len(rules.allow), len(rules.deny),
        )  # fmt: skip
        return rules

    def _store(self, make: Callable[[Rules], Rules], old: Rules) -> Judge:
        judge = Judge(make(old))  # refuses wrong entries before anything is written
        rules_file.store(self._rules_path, judge.rules)
        return judge

    async def dry_run(self, make: Callable[[Rules], Rules]) -> Loss:
        """What other rules would have dropped in the last days.

        Raises:
            EntryError, ChangeError: from `make` or of the new rules.
        """
        heard, rules = self.heard.copy(), self.rules
        return await asyncio.to_thread(lambda: loss_under(Judge(make(rules)), heard))

    async def run(self, beat: Callable[[], None]) -> NoReturn:
        """Keep the record on disk, now and then and at the end."""
        try:
            while True:
                beat()
                await asyncio.sleep(self._save_every_s)
                await self.save()
        finally:
            await self.save()

    async def save(self) -> None:
        """Write the record of heard devices; a disk that refuses costs only that."""
        content = msgspec.json.encode(self.heard)
        try:
            await asyncio.to_thread(replace_file, self._heard_path, content)
        except OSError as error:
            _log.warning("record of heard devices not saved: %s", error)
