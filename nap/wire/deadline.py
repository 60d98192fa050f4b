"""Time limits that fail as a link does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from nap.wire.errors import Cause, LinkError


@asynccontextmanager
async def deadline(seconds: float, text: str) -> AsyncGenerator[None]:
    """Turn what takes longer than `seconds` into a LinkError that says `text`."""
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError as error:
        raise LinkError(Cause.TIMEOUT, text) from error
