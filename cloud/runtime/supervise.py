"""Keep services alive: what the world broke is tried again, a bug ends the program.

The box has a supervisor with a watchdog per service. Here systemd or an orchestrator watches
/healthz, so that this one stays small.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from time import monotonic
from typing import Final, NoReturn, Protocol

from cloud.errors import RecoverableError

log = logging.getLogger(__name__)

FIRST_S: Final = 0.5
LONGEST_S: Final = 30.0
# A service that worked so long starts over with short pauses.
SETTLED_S: Final = 60.0


class Service(Protocol):
    """A part of the program that runs until it is cancelled."""

    @property
    def name(self) -> str:
        """Short name for logs."""
        ...

    async def run(self) -> NoReturn:
        """Work until cancelled; RecoverableError asks for another start."""
        ...


async def supervise(service: Service, jitter: Callable[[float, float], float]) -> NoReturn:
    """Run one service for ever, with growing and jittered pauses after failures.

    Args:
        service: What to run.
        jitter: Uniform random number between its arguments; keeps workers apart that lost the
            same broker.
    """
    longest_s = FIRST_S
    while True:
        began = monotonic()
        try:
            await service.run()
        except RecoverableError as error:
            if monotonic() - began >= SETTLED_S:
                longest_s = FIRST_S
            pause_s = jitter(0.0, longest_s)
            log.warning(
                "service down: name=%s reason=%s again_in_s=%.1f", service.name, error, pause_s
            )
        await asyncio.sleep(pause_s)
        longest_s = min(2 * longest_s, LONGEST_S)
