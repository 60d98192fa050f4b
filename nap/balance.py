"""Does what was heard equal the sum of what became of it? The alarm that a message went missing."""

from __future__ import annotations

import msgspec

from nap.ledger import Ledger
from nap.spool.status import SpoolStatus


class DestinationBalance(msgspec.Struct, frozen=True, kw_only=True):
    """The whole way of all frames, as far as one destination.

    Attributes:
        end_states: heard is their sum when nothing is unaccounted for.
        unaccounted: heard minus that sum; anything but 0 is an alarm.
    """

    end_states: dict[str, int]
    unaccounted: int


class Balance(msgspec.Struct, frozen=True, kw_only=True):
    """The sums of the ledger at one moment.

    Attributes:
        in_hand: Given to the spool and not yet counted by it.
        unaccounted: Before the spool; anything but 0 is an alarm.
    """

    heard: int
    in_hand: int
    unaccounted: int
    destinations: dict[str, DestinationBalance]

    @property
    def adds_up(self) -> bool:
        """Nothing is unaccounted for, on no way."""
        return not self.unaccounted and not any(
            destination.unaccounted for destination in self.destinations.values()
        )


def balance(ledger: Ledger, submitted_before: int, spool: SpoolStatus) -> Balance:
    """Draw it up.

    Args:
        ledger: As it is when the spool's answer is there.
        submitted_before: What it had submitted when the spool was asked; the spool works in
            order, so it has counted at least these, and at most what is submitted now.
        spool: Its answer.
    """
    in_hand = max(ledger.submitted - spool.spooled, 0)
    off = max(submitted_before - spool.spooled, 0) + min(ledger.submitted - spool.spooled, 0)
    before = {
        "filtered": ledger.filtered,
        "over_quota": ledger.over_quota,
        "duplicate": ledger.duplicate,
        "lost_before_spool": ledger.lost,
        "in_hand": in_hand - max(off, 0),
    }
    return Balance(
        heard=ledger.heard,
        in_hand=in_hand,
        unaccounted=ledger.heard - ledger.ended() + off,
        destinations={
            name: _destination(ledger.heard, before, destination.ended, destination.waiting_uplinks)
            for name, destination in spool.destinations.items()
        },
    )


def _destination(
    heard: int, before: dict[str, int], ended: dict[str, int], waiting: int
) -> DestinationBalance:
    states = before | {
        "delivered": ended.get("delivered", 0),
        "refused": ended.get("refused", 0),
        "expired": ended.get("expired", 0),
        "lost_in_spool": ended.get("lost", 0),
        "skipped": ended.get("skipped", 0),
        "waiting": waiting,
    }
    return DestinationBalance(end_states=states, unaccounted=heard - sum(states.values()))
