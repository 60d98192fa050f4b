"""Records as published messages, and what the broker's answers mean for them."""

from __future__ import annotations

from typing import Final

from nap.relay.ports import Outcomes, Postponed, Refused
from nap.spool.ports import Record
from nap.wire.errors import Cause, LinkError
from nap.wire.mqtt import MqttLink
from nap.wire.mqtt_types import Puback

# MQTT 5 section 3.4.2.1. These concern every message of ours: the broker's settings are wrong.
NOT_AUTHORIZED: Final = 0x87
TOPIC_NAME_INVALID: Final = 0x90
# This one concerns the message alone and will not change.
PAYLOAD_FORMAT_INVALID: Final = 0x99
# All other refusals (quota exceeded, unspecified …) may pass.
POSTPONED_S: Final = 30.0
# Fixed header, lengths, packet id and properties of a PUBLISH, generously.
HEADER_BYTES: Final = 32


class Publisher:
    """Knows which packet carries which record of one connection."""

    def __init__(self, link: MqttLink, *, broker_is_the_end: bool) -> None:
        self._link = link
        self._broker_is_the_end = broker_is_the_end
        self._numbers: dict[int, int] = {}
        self._oversize: list[Refused] = []
        self._others: list[Puback] = []

    @property
    def outstanding(self) -> int:
        """Records that the broker has not answered yet."""
        return len(self._numbers)

    def send(self, topic: str, record: Record) -> None:
        """Publish a record, or refuse it when the broker would hang up on its size."""
        size = len(record.body) + len(topic.encode()) + HEADER_BYTES
        if size > self._link.server_largest_packet_bytes:
            text = f"{size} bytes are more than the broker takes"
            self._oversize.append(Refused(record.number, text))
        else:
            self._numbers[self._link.publish(topic, record.body)] = record.number

    def sort_answers(self, outcomes: Outcomes) -> None:
        """Add what the broker answered to `outcomes`.

        Raises:
            LinkError: the connection has ended, or the broker lets us publish nothing.
        """
        self._link.check()
        outcomes.refused += self._oversize
        self._oversize = []
        for answer in self._link.take_acknowledged():
            # What is not a record (state, statistics, replies) is not in the table.
            if (number := self._numbers.pop(answer.packet_id, None)) is not None:
                self._sort(answer, number, outcomes)
            else:
                self._others.append(answer)

    def take_others(self) -> list[Puback]:
        """The broker's answers about what is no record, since the last call."""
        taken, self._others = self._others, []
        return taken

    def _sort(self, answer: Puback, number: int, outcomes: Outcomes) -> None:
        if not answer.refused:
            if self._broker_is_the_end:
                outcomes.delivered.append((number, number))
            else:
                outcomes.accepted.append(number)
        elif answer.reason in (NOT_AUTHORIZED, TOPIC_NAME_INVALID):
            raise LinkError(Cause.REFUSED, f"the broker lets us publish nothing: {answer.text}")
        elif answer.reason == PAYLOAD_FORMAT_INVALID:
            outcomes.refused.append(Refused(number, f"the broker refuses it: {answer.text}"))
        else:
            outcomes.postponed.append(Postponed(number, answer.text, POSTPONED_S))
