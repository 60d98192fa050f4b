"""The parts of the gateway, put together: which hears what, and how all of it is."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Final, NoReturn, Protocol

from nap.balance import Balance, balance
from nap.combine import Combiner
from nap.config import Config
from nap.downlink.service import Downlinks
from nap.late.replay import ClipReplay
from nap.ledger import DailyQuota, Ledger
from nap.radio_link import RadioLink
from nap.relay.status import DestinationStatus
from nap.runtime.pulse import Pulse
from nap.spool.spool import Spool
from nap.status import DownlinkStatus, QuotaStatus, Status, WhitelistStatus, alarms_of
from nap.whitelist.whitelist import Whitelist
from nap.wire.messages import Stats

_BOOKS_EVERY_S: Final = 20.0
_ASK_AGAIN_S: Final = 0.05


class Tells(Protocol):
    """A relay, as far as status needs it."""

    async def status(self) -> DestinationStatus:
        """How its destination is."""
        ...


class Gateway:
    """Knows all parts and asks them. Fits Service: it keeps the books for the cloud's report."""

    name = "books"
    quiet_limit_s = 120.0

    def __init__(
        self,
        config: Config,
        *,
        radio: RadioLink,
        combiner: Combiner,
        whitelist: Whitelist,
        quota: DailyQuota,
        ledger: Ledger,
        spool: Spool,
        pulse: Pulse,
        replay: ClipReplay,
        downlinks: Downlinks,
    ) -> None:
        self._config = config
        self._radio, self._combiner, self._whitelist = radio, combiner, whitelist
        self._quota, self._ledger, self._spool, self._pulse = quota, ledger, spool, pulse
        self._replay = replay
        self._downlinks = downlinks
        self._started_utc = datetime.now(UTC).isoformat(timespec="seconds")
        self._last: Status | None = None
        self.relays: Sequence[Tells] = ()

    async def run(self, beat: Callable[[], None]) -> NoReturn:
        """Draw up the books now and then."""
        while True:
            self._last = await self.status()
            beat()
            await asyncio.sleep(_BOOKS_EVERY_S)

    async def status(self) -> Status:
        """Ask everyone."""
        submitted_before = self._ledger.submitted
        spool = await self._spool.status()
        books = balance(self._ledger, submitted_before, spool)
        destinations = await self._destinations()
        radio, rules = self._radio.status(), self._whitelist.rules
        return Status(
            nap_id=self._config.station.nap_id,
            model=self._config.station.model,
            version=version("open-nap"),
            started_utc=self._started_utc,
            radio=radio,
            whitelist=WhitelistStatus(
                mode=rules.mode,
                allow=len(rules.allow),
                deny=len(rules.deny),
                would_drop=self._whitelist.would_drop,
            ),
            quota=QuotaStatus(used_today=self._ledger.quota_used, per_day=self._quota.limit),
            spool=spool,
            downlinks=self._downlink_status(),
            destinations=destinations,
            late=self._replay.status(),
            balance=books,
            forgotten_messages=self._combiner.forgotten,
            services_down=self._pulse.down(),
            alarms=alarms_of(radio, spool, books, destinations),
        )

    async def delivered(self) -> None:
        """Return once nothing waits for a destination that is connected."""
        # At a stop only, for seconds: an event for it through all parts would cost more.
        while self._owes(await self._destinations()):  # noqa: ASYNC110
            await asyncio.sleep(_ASK_AGAIN_S)

    def _owes(self, destinations: list[DestinationStatus]) -> bool:
        connected = [one for one in destinations if one.connected]
        answers = self._downlinks.unpublished if any(o.kind == "cloud" for o in connected) else 0
        return bool(answers) or any(one.waiting for one in connected)

    async def _destinations(self) -> list[DestinationStatus]:
        return [await relay.status() for relay in self.relays]

    def stats(self) -> Stats | None:
        """The ledger as the cloud is told of it; None before the first books."""
        if self._last is None:
            return None
        return _stats(self._last.balance, self._cloud_name())

    def _downlink_status(self) -> DownlinkStatus:
        transmit = self._config.radio.transmit
        return DownlinkStatus(
            transmits=None if transmit is None else transmit.state,
            open=self._downlinks.open,
            ended=self._downlinks.counts,
        )

    def status_line(self) -> str:
        """One line for systemd."""
        radio = self._radio.status()
        waiting = sum(one.waiting for one in self._last.destinations) if self._last else 0
        return f"{radio.state}, {self._ledger.heard} frames heard, {waiting} records waiting"

    def _cloud_name(self) -> str | None:
        names = [one.name for one in self._config.destination]
        clouds = [
            one.name for one in self._config.destination if one.__struct_config__.tag == "cloud"
        ]
        return next(iter(clouds or names), None)


def _stats(books: Balance, destination: str | None) -> Stats:
    states = dict(books.destinations[destination].end_states) if destination else {}
    return Stats(
        at_utc=datetime.now(UTC).isoformat(timespec="seconds"),
        heard=books.heard,
        waiting=states.pop("waiting", 0) + states.pop("in_hand", 0),
        end_states=states,
    )
