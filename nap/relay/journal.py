"""The memory of one destination's connections and outcomes, from which its status is told."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from time import monotonic

from nap.relay.status import Counters, LinkFailure
from nap.wire.errors import LinkError

log = logging.getLogger(__name__)


class Journal:
    """Keeps what happened, and tells the log once per change and cause."""

    def __init__(self, name: str, address: str) -> None:
        self._name, self._address = name, address
        self.connected = False
        self.since_utc = _now()
        self.failure: LinkFailure | None = None
        self.last_refusal: str | None = None
        self.counters = Counters()
        self._attempt_at: float | None = None

    @property
    def next_attempt_in_s(self) -> float | None:
        """Time until the next attempt; None while connected or trying."""
        return None if self._attempt_at is None else max(0.0, self._attempt_at - monotonic())

    def connecting(self) -> None:
        """An attempt begins."""
        self._attempt_at = None

    def established(self) -> None:
        """The connection stands."""
        self.connected, self.since_utc = True, _now()
        self.counters.sessions += 1
        log.info("destination connected destination=%s address=%s", self._name, self._address)

    def failed(self, error: LinkError, next_in_s: float) -> None:
        """The connection ended or was not made; the next attempt is in `next_in_s`."""
        was_connected, before = self.connected, self.failure
        if was_connected:
            self.connected, self.since_utc = False, _now()
        self.failure = LinkFailure(cause=error.cause.value, text=str(error), at_utc=_now())
        self.counters.failures += 1
        self._attempt_at = monotonic() + next_in_s
        # A dead destination must not fill the log: a new cause is news, the same again is not.
        news = was_connected or before is None or before.cause != self.failure.cause
        log.log(
            logging.WARNING if news else logging.DEBUG,
            "destination not connected: %s destination=%s cause=%s again_in_s=%.0f",
            error,
            self._name,
            error.cause.value,
            next_in_s,
        )

    def refused(self, number: int, reason: str) -> None:
        """The destination will never take this record."""
        self.counters.refused += 1
        self.last_refusal = reason
        log.warning("record refused: %s destination=%s number=%d", reason, self._name, number)

    def postponed(self, reason: str) -> None:
        """The destination did not take a record now."""
        self.counters.postponed += 1
        log.debug("record postponed: %s destination=%s", reason, self._name)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
