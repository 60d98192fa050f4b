"""Tell systemd how the program is: ready, a line of status, and that nothing hangs."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable
from time import monotonic
from typing import NoReturn

from nap.runtime.pulse import Pulse

try:
    from systemd.daemon import notify as _notify
except ImportError:  # not under systemd, or without its library: nobody to tell
    _notify = None

_log = logging.getLogger(__name__)

_LONGEST_PAUSE_S = 10.0


def tell(*lines: str) -> None:
    """Send assignments such as READY=1 to systemd, if it listens."""
    if _notify is not None:
        _notify("\n".join(lines))


class Watchdog:
    """Keeps systemd's watchdog quiet only while every service makes progress. Fits Service."""

    name = "watchdog"
    quiet_limit_s = 60.0

    def __init__(self, pulse: Pulse, status_line: Callable[[], str]) -> None:
        self._pulse = pulse
        self._status_line = status_line
        limit_us = int(os.environ.get("WATCHDOG_USEC") or 0)
        # Half the limit, as systemd's manual advises.
        self._pause_s = min(limit_us / 2e6 or _LONGEST_PAUSE_S, _LONGEST_PAUSE_S)

    async def run(self, beat: Callable[[], None]) -> NoReturn:
        """Look, tell, sleep."""
        tell("READY=1")
        while True:
            beat()
            if hung := self._pulse.hung(monotonic()):
                _log.error("no progress: %s", ", ".join(hung))
                tell(f"STATUS=no progress: {', '.join(hung)}")
            else:
                tell("WATCHDOG=1", f"STATUS={self._status_line()}")
            await asyncio.sleep(self._pause_s)
