"""What stations are told after a commit: records they may forget. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

import msgspec

from cloud.store.entries import Entry, Refused, RepetitionsHeard, UplinkHeard
from nap.wire import topics
from nap.wire.messages import Acknowledgment, RefusedRecord

# With reasons of 200 characters about 250 kB: what brokers take as one packet.
REFUSED_AT_ONCE: Final = 1_000

Token = TypeVar("Token")
SpoolKey = tuple[str, str]


@dataclass(slots=True)
class _Pending(Generic[Token]):
    numbers: set[int] = field(default_factory=set)
    refused: dict[int, str] = field(default_factory=dict)
    tokens: list[Token] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Answer(Generic[Token]):
    """One acknowledgment to publish; `tokens` are the messages that it answers."""

    topic: str
    body: bytes
    tokens: list[Token]


class Answers(Generic[Token]):
    """Acknowledgments that wait for room in the window; those of one spool join meanwhile."""

    def __init__(self) -> None:
        self._pending: dict[SpoolKey, _Pending[Token]] = {}

    def __len__(self) -> int:
        return len(self._pending)

    def add(self, entry: Entry, token: Token) -> bool:
        """Take a committed entry; False when no station waits for an answer to it."""
        match entry:
            case UplinkHeard(nap_id, body) | RepetitionsHeard(nap_id, body):
                pending = self._of(nap_id, body.epoch)
                pending.numbers.add(body.number)
            case Refused(nap_id=str(nap_id), epoch=str(epoch), number=int(number)):
                pending = self._of(nap_id, epoch)
                pending.refused[number] = entry.reason
            case _:
                return False
        pending.tokens.append(token)
        return True

    def take(self) -> Answer[Token]:
        """The answer that waited longest; KeyError when there is none."""
        key = next(iter(self._pending))
        pending = self._pending.pop(key)
        # A station may have sent two bodies under one number: stored wins.
        refused = {n: why for n, why in pending.refused.items() if n not in pending.numbers}
        told, later = _split(refused)
        if later:
            self._pending[key] = _Pending(refused=later, tokens=pending.tokens)
        message = Acknowledgment(
            epoch=key[1],
            ranges=ranges(pending.numbers),
            refused=[RefusedRecord(number=n, reason=why[:200]) for n, why in told.items()],
        )
        tokens = [] if later else pending.tokens
        return Answer(topics.command(key[0], "ack"), msgspec.json.encode(message), tokens)

    def _of(self, nap_id: str, epoch: str) -> _Pending[Token]:
        return self._pending.setdefault((nap_id, epoch), _Pending())


def ranges(numbers: Iterable[int]) -> list[tuple[int, int]]:
    """Numbers as runs (first, last), both included."""
    runs: list[tuple[int, int]] = []
    for number in sorted(set(numbers)):
        if runs and number == runs[-1][1] + 1:
            runs[-1] = (runs[-1][0], number)
        else:
            runs.append((number, number))
    return runs


def _split(refused: dict[int, str]) -> tuple[dict[int, str], dict[int, str]]:
    items = sorted(refused.items())
    return dict(items[:REFUSED_AT_ONCE]), dict(items[REFUSED_AT_ONCE:])
