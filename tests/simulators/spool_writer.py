"""A process that puts and settles without end until it is killed, and says what was promised to it.

Usage: spool_writer.py FILE PREFIX. Lines: `put NUMBER TEXT` once put returned; `settle NUMBER`
before it is asked for. Every text is used once.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import sys
from pathlib import Path

from nap.spool.ports import Fate, Kind
from nap.spool.spool import Spool
from tests.simulators.spooling import ROOMY, saying


def say(line: str) -> None:
    os.write(1, f"{line}\n".encode())


async def put_and_settle(spool: Spool, prefix: str) -> None:
    for count in itertools.count():
        text = f"{prefix}.{count}"
        number = await spool.put(Kind.UPLINK, saying(text))
        say(f"put {number} {text}")
        if count % 3 == 0:
            say(f"settle {number}")
            await spool.settle("cloud", [(number, number)], Fate.DELIVERED)


async def main() -> None:
    path, prefix = Path(sys.argv[1]), sys.argv[2]
    async with Spool(path, {"cloud": "oldest"}, ROOMY) as spool, asyncio.TaskGroup() as group:
        for lane in range(8):
            group.create_task(put_and_settle(spool, f"{prefix}.{lane}"))


asyncio.run(main())
