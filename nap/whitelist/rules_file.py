"""The rules on disk."""

from __future__ import annotations

import logging
from pathlib import Path

import msgspec

from nap.durable_file import replace_file
from nap.whitelist.entries import EntryError
from nap.whitelist.rules import Judge, Mode, Rules

_log = logging.getLogger(__name__)


def load(path: Path, first_mode: Mode) -> Judge:
    """The rules kept last.

    Without a file it is `first_mode` with empty lists. A file that cannot be read is kept aside,
    and the mode is then `observe`: nothing is lost, and status shows that the list is gone.
    """
    try:
        return read(path)
    except FileNotFoundError:
        return Judge(Rules(mode=first_mode))
    except RulesFileError as error:
        _log.error("whitelist unusable, mode observe until it is set again: %s", error)
        try:
            path.replace(path.with_name(path.name + ".damaged"))
        except OSError as refused:
            _log.warning("whitelist: %s", refused)
        return Judge(Rules(mode=Mode.OBSERVE))


class RulesFileError(Exception):
    """The file of the rules cannot be used as it stands."""


def read(path: Path) -> Judge:
    """The rules in the file.

    Raises:
        FileNotFoundError: there is none.
        RulesFileError: it cannot be read.
    """
    try:
        return Judge(msgspec.json.decode(path.read_bytes(), type=Rules))
    except FileNotFoundError:
        raise
    except (OSError, msgspec.DecodeError, EntryError) as error:
        msg = f"{path}: {error}"
        raise RulesFileError(msg) from error


def store(path: Path, rules: Rules) -> None:
    """Keep the rules, durable on return.

    Raises:
        OSError: the old ones stay.
    """
    replace_file(path, msgspec.json.format(msgspec.json.encode(rules), indent=1))
