"""Downlinks between cloud and radio: commands in, transmissions out, answers back."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from time import monotonic
from typing import Final, NoReturn

import msgspec

from nap.downlink.answers import answer_to, misread
from nap.downlink.book import Account, Book
from nap.downlink.replies import Replies
from nap.relay.ports import Reply
from nap.wire.messages import CommandId, DownlinkCommand, DownlinkReply
from radio.commands import Transmit
from radio.events import DownlinkEvent, FrameHeard

_log = logging.getLogger(__name__)

NAME: Final = "downlink"
LONGEST_BODY_BYTES: Final = 4_096
_POLL_S: Final = 0.5


class _OnlyId(msgspec.Struct):
    """What it takes to answer a command that is not understood."""

    id: CommandId


_COMMAND: Final = msgspec.json.Decoder(DownlinkCommand)
_ONLY_ID: Final = msgspec.json.Decoder(_OnlyId)
_UNREADABLE: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


class Downlinks:
    """Knows all commands. Fits Service: it ends what waits too long."""

    name = "downlinks"
    quiet_limit_s = 30.0

    def __init__(self) -> None:
        self._book = Book(self._changed)
        self._lines: dict[str, Replies] = {}
        self._radio: Callable[[Transmit], bool] = lambda _command: False
        self._simulated = False

    def use(self, radio: Callable[[Transmit], bool]) -> None:
        """Where commands go; it says false when there is no radio to take them."""
        self._radio = radio

    def line(self, name: str) -> Line:
        """The desk for the connection to one cloud."""
        replies = self._lines.setdefault(name, Replies())
        return Line(name, self, replies)

    @property
    def open(self) -> int:
        """Commands that are not at their end."""
        return self._book.open

    @property
    def counts(self) -> dict[str, int]:
        """Commands since the start by how they ended."""
        return dict(self._book.counts)

    @property
    def unpublished(self) -> int:
        """Answers that no broker has yet."""
        return sum(replies.waiting for replies in self._lines.values())

    async def run(self, beat: Callable[[], None]) -> NoReturn:
        """Look at the clock."""
        while True:
            self._book.poll(monotonic())
            beat()
            await asyncio.sleep(_POLL_S)

    def command(self, body: bytes, line: str) -> None:
        """Take a command as it came over `line`; what cannot be read is answered if it can."""
        if len(body) > LONGEST_BODY_BYTES:
            _log.warning("downlink command refused: longer than %d bytes", LONGEST_BODY_BYTES)
            return
        try:
            command = _COMMAND.decode(body)
        except _UNREADABLE as error:
            self._misread(body, str(error), line)
            return
        if (account := self._book.known(command.id)) is not None:
            self._tell(account)  # once executed; the answer may have been lost
            return
        self._hand_over(command, line)

    def radio_said(self, event: DownlinkEvent) -> None:
        """See nap.radio_link.DownlinkSink."""
        self._book.radio_said(event, monotonic())

    def heard(self, frame: FrameHeard, *, simulated: bool) -> None:
        """See nap.radio_link.DownlinkSink."""
        self._simulated = simulated
        self._book.heard(frame)

    def radio_lost(self) -> None:
        """See nap.radio_link.DownlinkSink."""
        self._book.radio_lost()

    def _hand_over(self, command: DownlinkCommand, line: str) -> None:
        transmit = Transmit(
            id=command.id,
            device_id=command.device_id,
            seq_number=command.seq_number,
            payload=command.payload,
            tag=command.tag,
            priority=command.priority,
        )
        self._book.enter(transmit, line, monotonic())
        if not self._radio(transmit):
            self._book.refuse(command.id, "radio_lost", "no receiver is running")

    def _misread(self, body: bytes, problem: str, line: str) -> None:
        _log.warning("downlink command not understood: %s", problem)
        try:
            command_id = _ONLY_ID.decode(body).id
        except _UNREADABLE:
            return
        self._put(misread(command_id, problem), line)

    def _changed(self, account: Account) -> None:
        command = account.command
        _log.info(
            "downlink %s, device_id: %s, seq_number: %d, reason: %s",
            account.state,
            command.device_id,
            command.seq_number,
            account.reason,
            extra={"DEVICE_ID": command.device_id, "SEQ_NUMBER": command.seq_number},
        )
        self._tell(account)

    def _tell(self, account: Account) -> None:
        if (answer := answer_to(account, simulated=self._simulated)) is not None:
            self._put(answer, account.line)

    def _put(self, answer: DownlinkReply, line: str) -> None:
        self._lines[line].put(Reply(NAME, msgspec.json.encode(answer)))


class Line:
    """Fits nap.relay.ports.CommandDesk: what one connection to a cloud sees of us."""

    def __init__(self, name: str, downlinks: Downlinks, replies: Replies) -> None:
        self._name, self._downlinks, self._replies = name, downlinks, replies

    def attach(self, wake: asyncio.Event) -> None:
        """See CommandDesk."""
        self._replies.attach(wake)

    def take(self, name: str, body: bytes) -> None:
        """See CommandDesk."""
        if name == NAME:
            self._downlinks.command(body, self._name)
        else:
            _log.warning("unknown command: name=%s", name)

    def first(self) -> Reply | None:
        """See CommandDesk."""
        return self._replies.first()

    def done(self, reply: Reply) -> None:
        """See CommandDesk."""
        self._replies.done(reply)
