"""Writes ends into the spool beside the sending: a slow disk must not delay a live message."""

from __future__ import annotations

import asyncio
from typing import Final, NoReturn

from nap.relay.quarantine import Quarantine
from nap.spool.ports import Fate, OutboundLog, Record

# Ends that may wait for the disk before no more is sent; a crash repeats at most so many records.
MOST_WAITING: Final = 10_000


class Settler:
    """Collects the ends of one destination's records and writes them together."""

    def __init__(self, spool: OutboundLog, destination: str, quarantine: Quarantine) -> None:
        self._spool = spool
        self._destination = destination
        self._quarantine = quarantine
        self._delivered: list[tuple[int, int]] = []
        self._refused: list[tuple[Record, str]] = []
        self._due = asyncio.Event()
        self._written = asyncio.Event()
        self._written.set()

    def delivered(self, pairs: list[tuple[int, int]]) -> None:
        """These ended well."""
        if pairs:
            self._delivered += pairs
            self._more()

    def refused(self, record: Record, reason: str) -> None:
        """This one will never be taken; it is set aside before the spool may forget it."""
        self._refused.append((record, reason))
        self._more()

    async def room(self) -> None:
        """Return once few enough ends wait to be written."""
        if len(self._delivered) + len(self._refused) >= MOST_WAITING:
            await self.drained()

    async def drained(self) -> None:
        """Return once all ends are written."""
        await self._written.wait()

    async def run(self) -> NoReturn:
        """Write until cancelled."""
        while True:
            await self._due.wait()
            self._due.clear()
            await self._write()
            if not self._due.is_set():
                self._written.set()

    async def _write(self) -> None:
        delivered, self._delivered = self._delivered, []
        refused, self._refused = self._refused, []
        if delivered:
            await self._spool.settle(self._destination, delivered, Fate.DELIVERED)
        if refused:
            await self._quarantine.keep(refused)
        for record, reason in refused:
            pair = (record.number, record.number)
            await self._spool.settle(self._destination, [pair], Fate.REFUSED, reason)

    def _more(self) -> None:
        self._due.set()
        self._written.clear()
