"""What a spool file can answer instead of doing its work."""

from __future__ import annotations

from nap.runtime.service import RecoverableError


class DiskRefusesError(RecoverableError):
    """The disk is full, read-only, gone or failing; the file itself may be fine."""


class DamagedError(Exception):
    """The file does not hold what was written to it."""


class SpoolInUseError(Exception):
    """Another process has the spool open; two writers would corrupt each other's numbers."""
