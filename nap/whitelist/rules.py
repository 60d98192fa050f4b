"""What a list decides about a device: the mode, the list itself, and the deny list on top."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from nap.whitelist.entries import parse_entry
from nap.whitelist.lookup import IdSet

ENTRIES_LIMIT: Final = 200_000
"""Of each list: 1.8 MB as text, 20 MB in memory; a body or file with more is refused."""

EntryText = Annotated[str, Meta(max_length=19, description="0123abcd, 0123* or 01230000-0123ffff")]
Entries = Annotated[list[EntryText], Meta(max_length=ENTRIES_LIMIT)]


class Mode(StrEnum):
    """What happens to devices that are not on the list."""

    OFF = "off"
    """They pass. The deny list still holds."""
    ENFORCE = "enforce"
    """They are dropped, and counted."""
    OBSERVE = "observe"
    """Everything passes, denied devices too; what `enforce` would drop is counted and shown."""


class Rules(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One state of the whitelist, as kept on disk and spoken over the API."""

    mode: Mode = Mode.OFF
    allow: Entries = []
    deny: Entries = []


class Verdict(msgspec.Struct, frozen=True):
    """What the rules say of a device; `listed` is the same as if the mode were `enforce`."""

    passes: bool
    listed: bool


class Judge:
    """Rules made ready for asking.

    Raises:
        EntryError: an entry of the rules is none.
    """

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self._allow = IdSet(map(parse_entry, rules.allow))
        self._deny = IdSet(map(parse_entry, rules.deny))

    def judge(self, device_id: str) -> Verdict:
        """Decide on one device, given as 8 hex digits."""
        device = int(device_id, 16)
        denied = device in self._deny
        listed = not denied and device in self._allow
        match self.rules.mode:
            case Mode.OFF:
                return Verdict(passes=not denied, listed=listed)
            case Mode.ENFORCE:
                return Verdict(passes=listed, listed=listed)
            case Mode.OBSERVE:
                return Verdict(passes=True, listed=listed)
