"""What can go wrong in the cloud, one class per different answer to it."""

from __future__ import annotations


class RecoverableError(Exception):
    """The world failed (broker gone, database refusing): trying again later may help."""


class ConfigError(Exception):
    """The configuration cannot be used; the message names the file and the key."""


class StartError(Exception):
    """The program cannot start as it is configured."""


class StoreError(Exception):
    """The database cannot be opened or read at all."""


class DatabaseRefusedError(RecoverableError):
    """The database does not take writes now (disk full, server down, locked)."""


class BrokerLostError(RecoverableError):
    """No connection to the broker."""


class BadCursorError(ValueError):
    """A paging cursor that this server never gave out."""
