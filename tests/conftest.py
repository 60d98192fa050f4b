"""For all tests: a test in which our code blocks the event loop fails."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from blockbuster import BlockBuster, blockbuster_ctx


@pytest.fixture(autouse=True)
def loop_is_never_blocked() -> Iterator[BlockBuster]:
    with blockbuster_ctx(scanned_modules=["nap"]) as guard:
        yield guard
