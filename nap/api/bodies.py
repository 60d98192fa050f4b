"""Request bodies that only the API has."""

from __future__ import annotations

import msgspec

from nap.whitelist.change import Change, apply
from nap.whitelist.rules import Rules


class DryRun(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Rules to try out: whole ones, or a change of those in force."""

    rules: Rules | None = None
    change: Change | None = None

    def made_of(self, rules: Rules) -> Rules:
        """The rules to try.

        Raises:
            EntryError, ChangeError: the change cannot be made.
        """
        return apply(self.rules or rules, self.change or Change())
