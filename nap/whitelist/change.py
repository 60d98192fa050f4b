"""Change rules by parts: what add, remove and mode of the command and the API mean."""

from __future__ import annotations

import msgspec

from nap.whitelist.entries import parse_entry
from nap.whitelist.rules import ENTRIES_LIMIT, Entries, Mode, Rules


class Change(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Parts to change; all of it happens, or nothing."""

    mode: Mode | None = None
    allow_add: Entries = []
    allow_remove: Entries = []
    deny_add: Entries = []
    deny_remove: Entries = []


class ChangeError(ValueError):
    """The change cannot be made: an entry to remove is not there, or the list would be too long."""


def apply(rules: Rules, change: Change) -> Rules:
    """The rules after the change.

    Raises:
        EntryError: an entry is none.
        ChangeError: see there.
    """
    return Rules(
        mode=change.mode or rules.mode,
        allow=_edited(rules.allow, change.allow_add, change.allow_remove),
        deny=_edited(rules.deny, change.deny_add, change.deny_remove),
    )


def _edited(entries: list[str], add: list[str], remove: list[str]) -> list[str]:
    kept = dict.fromkeys(str(parse_entry(text)) for text in entries)
    for text in remove:
        entry = str(parse_entry(text))
        if entry not in kept:
            msg = f"{entry} is not an entry of the list; a prefix or range is removed as a whole"
            raise ChangeError(msg)
        del kept[entry]
    kept.update(dict.fromkeys(str(parse_entry(text)) for text in add))
    if len(kept) > ENTRIES_LIMIT:
        msg = f"{len(kept)} entries; a list holds {ENTRIES_LIMIT}: use prefixes or ranges"
        raise ChangeError(msg)
    return list(kept)
