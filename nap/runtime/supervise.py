"""Run the services of a program: restart what the world broke, end when a service is wrong.

Services stand in stages along the data path. A stop goes through them in order, so that what one
stage still gives, the next one still takes.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from time import monotonic
from typing import NoReturn

from nap.runtime.pulse import Pulse
from nap.runtime.restart import RestartPolicy, Restarts
from nap.runtime.service import RecoverableError, Service

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Stage:
    """Services that stop together.

    Attributes:
        farewell: What may still happen before they stop, e.g. wait until all is delivered.
        farewell_s: The longest that this may take.
    """

    services: Sequence[Service]
    farewell: Callable[[], Awaitable[None]] | None = None
    farewell_s: float = 0.0


async def supervise(service: Service, policy: RestartPolicy, pulse: Pulse) -> NoReturn:
    """Keep one service alive; only RecoverableError is a reason to start it again."""
    restarts = Restarts(policy)
    while True:
        began = monotonic()
        pulse.join(service.name, service.quiet_limit_s, began)
        try:
            await service.run(lambda: pulse.beat(service.name, monotonic()))
        except RecoverableError as error:
            now = monotonic()
            delay_s = restarts.after(now - began)
            pulse.fell(service.name, str(error), now + delay_s)
            _log.warning("%s is down: %s; again in %.1f s", service.name, error, delay_s)
            await asyncio.sleep(delay_s)


async def run_stages(
    stages: Sequence[Stage], policy: RestartPolicy, pulse: Pulse, stop: asyncio.Event
) -> None:
    """Run everything until `stop`, then end it stage by stage.

    Raises:
        ExceptionGroup: a service failed in a way that starting it again cannot mend.
    """
    async with asyncio.TaskGroup() as group:
        running = [
            [_start(group, service, policy, pulse) for service in s.services] for s in stages
        ]
        await stop.wait()
        for stage, tasks in zip(stages, running, strict=True):
            await _say_farewell(stage)
            for task in tasks:
                task.cancel()
            await _ended(tasks)


def _start(
    group: asyncio.TaskGroup, service: Service, policy: RestartPolicy, pulse: Pulse
) -> asyncio.Task[NoReturn]:
    task = group.create_task(supervise(service, policy, pulse), name=service.name)
    task.add_done_callback(partial(_left, pulse, service.name))
    return task


def _left(pulse: Pulse, name: str, _task: asyncio.Task[NoReturn]) -> None:
    pulse.leave(name)


async def _say_farewell(stage: Stage) -> None:
    if stage.farewell is None:
        return
    try:
        async with asyncio.timeout(stage.farewell_s):
            await stage.farewell()
    except TimeoutError:
        _log.info("not all was said in %.0f s; it stays in the spool", stage.farewell_s)


async def _ended(tasks: Sequence[asyncio.Task[NoReturn]]) -> None:
    if tasks:
        await asyncio.wait(tasks)
