"""Commands and replies over a real broker; the radio here only writes down what it is told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nap.downlink.replies import LIMIT, Replies
from nap.downlink.service import Downlinks
from nap.relay.factory import make_relays
from nap.relay.ports import Reply
from nap.wire.messages import DownlinkReply
from radio.commands import Transmit
from radio.events import DownlinkPlanned, DownlinkRefused
from tests.parts.mosquitto import Broker
from tests.simulators.downlink_cloud import DownlinkCloud, command_for
from tests.simulators.relaying import STATION, spool_for, to_cloud


class Radio:
    """Takes commands and says nothing by itself."""

    def __init__(self) -> None:
        self.told: list[Transmit] = []
        self.there = True
        self.moved = asyncio.Event()

    def take(self, command: Transmit) -> bool:
        if self.there:
            self.told.append(command)
            self.moved.set()
        return self.there

    async def has(self, count: int) -> None:
        async with asyncio.timeout(20):
            while len(self.told) < count:
                self.moved.clear()
                await self.moved.wait()


@asynccontextmanager
async def box(broker: Broker, folder: Path, downlinks: Downlinks) -> AsyncIterator[None]:
    """A relay to the cloud whose commands go to `downlinks`."""
    async with spool_for(folder, "cloud") as spool, asyncio.TaskGroup() as group:
        (relay,) = make_relays(
            [to_cloud(broker)],
            spool,
            STATION,
            refused_folder=folder / "refused",
            uniform=lambda: 0.02,
            commands=downlinks.line,
        )
        task = group.create_task(relay.run(lambda: None))
        try:
            yield
        finally:
            task.cancel()


def body(command_id: str = "c1", **changes: object) -> bytes:
    command = command_for("0123abcd", 7, command_id)
    return msgspec.json.encode({**msgspec.to_builtins(command), **changes})


async def say_until_heard(cloud: DownlinkCloud, radio: Radio, message: bytes) -> None:
    """Commands go to boxes that are there: repeat until this one is."""
    async with asyncio.timeout(20):
        while not radio.told:
            cloud.say(STATION.nap_id, message)
            await asyncio.sleep(0.2)


async def test_a_command_reaches_the_radio_once_and_every_change_the_cloud(
    broker: Broker, tmp_path: Path
) -> None:
    cloud, radio, downlinks = DownlinkCloud(), Radio(), Downlinks()
    downlinks.use(radio.take)
    async with cloud.listening(broker.cloud_link()), box(broker, tmp_path, downlinks):
        await say_until_heard(cloud, radio, body())
        cloud.say(STATION.nap_id, body())
        cloud.say(STATION.nap_id, body("c2", priority=9, later_field=1))
        await radio.has(2)
        downlinks.radio_said(DownlinkPlanned(id="c1", in_s=3.0, frequency_hz=869.5e6))
        downlinks.radio_said(DownlinkRefused(id="c2", reason="conflict", detail="full"))
        accepted, refused = await cloud.until("accepted"), await cloud.until("refused")
    assert [command.id for command in radio.told] == ["c1", "c2"]
    assert (radio.told[0].payload, radio.told[1].priority) == ("00112233aabbccdd", 9)
    assert (accepted.id, accepted.starts_in_s, accepted.frequency_hz) == ("c1", 3.0, 869.5e6)
    assert (refused.id, refused.reason, refused.detail) == ("c2", "conflict", "full")
    assert downlinks.counts == {"conflict": 1}


async def test_replies_outlive_the_broker(broker: Broker, tmp_path: Path) -> None:
    cloud, radio, downlinks = DownlinkCloud(), Radio(), Downlinks()
    downlinks.use(radio.take)
    async with box(broker, tmp_path, downlinks):
        async with cloud.listening(broker.cloud_link()):
            await say_until_heard(cloud, radio, body())
        broker.kill()
        downlinks.radio_said(DownlinkPlanned(id="c1", in_s=3.0, frequency_hz=869.5e6))
        downlinks.radio_said(DownlinkRefused(id="c1", reason="duty_cycle", detail=""))
        broker.start()
        late = DownlinkCloud()
        async with late.listening(broker.cloud_link()):
            await late.until("refused")
    assert late.states("c1") == ["accepted", "refused"]


async def test_without_a_radio_a_command_is_refused(broker: Broker, tmp_path: Path) -> None:
    cloud, downlinks, radio = DownlinkCloud(), Downlinks(), Radio()
    radio.there = False
    downlinks.use(radio.take)
    async with cloud.listening(broker.cloud_link()), box(broker, tmp_path, downlinks):
        async with asyncio.timeout(20):
            while not cloud.replies:
                cloud.say(STATION.nap_id, body())
                await asyncio.sleep(0.2)
    assert {(one.state, one.reason) for one in cloud.replies} == {("refused", "radio_lost")}


def replies_to(message: bytes) -> list[DownlinkReply]:
    """What is answered to one message by itself."""
    downlinks = Downlinks()
    line = downlinks.line("cloud")
    line.take("downlink", message)
    found = []
    while (reply := line.first()) is not None:
        found.append(msgspec.json.decode(reply.body, type=DownlinkReply))
        line.done(reply)
    return found


@given(st.one_of(st.binary(max_size=300), st.text(max_size=100).map(str.encode)))
def test_garbage_is_passed_over(message: bytes) -> None:
    assert replies_to(message) == []


@pytest.mark.parametrize(
    ("message", "place"),
    [
        (body(payload="00"), "payload"),
        (body(device_id="0123abcd\n"), "device_id"),
        (body(tag="xyz0"), "tag"),
        (body(v=2), "v"),
        (body(seq_number=-1), "seq_number"),
        (body(priority="high"), "priority"),
    ],
)
def test_a_command_that_cannot_be_read_is_answered_with_the_place(
    message: bytes, place: str
) -> None:
    (reply,) = replies_to(message)
    assert (reply.id, reply.state, reply.reason) == ("c1", "refused", "malformed")
    assert place in (reply.detail or "")


@pytest.mark.parametrize(
    "message",
    [body(pad="x" * 10_000), b'{"id":"a b"}', b"[" * 4_000, b'{"id":"' + b"a" * 70 + b'"}'],
)
def test_what_is_too_long_or_has_no_id_is_not_answered(message: bytes) -> None:
    assert replies_to(message) == []


def test_unknown_commands_are_passed_over() -> None:
    line = Downlinks().line("cloud")
    line.take("reboot", b"{}")
    assert line.first() is None


def test_answers_that_nobody_takes_are_bounded() -> None:
    replies = Replies()
    for number in range(LIMIT + 5):
        replies.put(Reply("downlink", b"%d" % number))
    first = replies.first()
    assert first is not None
    assert first.body == b"5"
