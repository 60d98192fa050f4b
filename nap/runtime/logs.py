"""Where log lines go: to the journal with their fields where there is one, else plainly to stderr.

A field is given as `extra={"DEVICE_ID": …}`, in the journal's own spelling.
"""

from __future__ import annotations

import logging
import os

try:
    from systemd.journal import JournalHandler
except ImportError:  # a machine without systemd's library
    JournalHandler = None

_LINE = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"


def set_up_logs(*, verbose: bool) -> None:
    """Send everything from INFO up (from DEBUG up when `verbose`) to the right place."""
    # systemd sets JOURNAL_STREAM when our stderr is its journal.
    if JournalHandler is not None and "JOURNAL_STREAM" in os.environ:
        handler: logging.Handler = JournalHandler(SYSLOG_IDENTIFIER="nap")
        handler.setFormatter(logging.Formatter("%(message)s"))
    else:
        handler = logging.StreamHandler()
        handler.setFormatter(logging.Formatter(_LINE))
    level = logging.DEBUG if verbose else logging.INFO
    logging.basicConfig(level=level, handlers=[handler], force=True)
