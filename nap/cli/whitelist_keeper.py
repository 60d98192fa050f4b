"""Where `nap whitelist` finds the rules: in a gateway that runs, else in its files."""

from __future__ import annotations

from typing import Protocol

from nap.api.bodies import DryRun
from nap.cli.box import ask
from nap.config import Config
from nap.whitelist import rules_file
from nap.whitelist.change import Change, apply
from nap.whitelist.heard import Loss, loss_under, read_heard
from nap.whitelist.paths import heard_path, rules_path
from nap.whitelist.rules import Judge, Rules


class Keeper(Protocol):
    """Where the rules are: in a gateway that runs, or in its file."""

    def rules(self) -> Rules:
        """Those in force."""
        ...

    def change(self, change: Change) -> Rules:
        """Change them; the new ones."""
        ...

    def dry_run(self, wanted: DryRun) -> Loss:
        """Try others out."""
        ...


class Running:
    """A gateway that runs."""

    def __init__(self, config: Config) -> None:
        self._socket = config.socket_path

    def rules(self) -> Rules:
        """See Keeper."""
        return ask(self._socket, "GET", "/v1/whitelist", Rules)

    def change(self, change: Change) -> Rules:
        """See Keeper."""
        return ask(self._socket, "PATCH", "/v1/whitelist", Rules, change)

    def dry_run(self, wanted: DryRun) -> Loss:
        """See Keeper."""
        return ask(self._socket, "POST", "/v1/whitelist/dry-run", Loss, wanted)


class Stopped:
    """The files of a gateway that does not run."""

    def __init__(self, config: Config) -> None:
        self._rules_path, self._heard_path = (
            rules_path(config.state_dir),
            heard_path(config.state_dir),
        )
        self._first_mode = config.whitelist.first_mode

    def rules(self) -> Rules:
        """See Keeper."""
        try:
            return rules_file.read(self._rules_path).rules
        except FileNotFoundError:
            return Rules(mode=self._first_mode)

    def change(self, change: Change) -> Rules:
        """See Keeper."""
        rules = apply(self.rules(), change)
        rules_file.store(self._rules_path, rules)
        return rules

    def dry_run(self, wanted: DryRun) -> Loss:
        """See Keeper."""
        return loss_under(Judge(wanted.made_of(self.rules())), read_heard(self._heard_path))
