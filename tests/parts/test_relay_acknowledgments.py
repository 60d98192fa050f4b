"""What the relay makes of acknowledgments that are damaged, foreign, or claim too much."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from nap.spool.spool import Spool
from nap.wire.messages import Acknowledgment
from nap.wire.mqtt import connect
from tests.parts.mosquitto import Broker
from tests.simulators.relaying import put, running, settled, spool_for, status_when, to_cloud

TOPIC = "nap/N1/command/ack"


def acknowledging(epoch: str, *ranges: tuple[int, int]) -> bytes:
    return msgspec.json.encode(Acknowledgment(epoch=epoch, ranges=list(ranges)))


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"{",
        b"[]",
        b"\xff\xfe",
        b'{"v":1,"epoch":"x","ranges":[[1,3]]}',
        b'{"v":2,"epoch":"EPOCH","ranges":[[1,3]]}',
        b'{"v":1,"epoch":"EPOCH","ranges":[[3,1]]}',
        b'{"v":1,"epoch":"EPOCH","ranges":[[1,3,4]]}',
        b'{"v":1,"epoch":"EPOCH","ranges":[["1","3"]]}',
        b'{"v":1,"epoch":"EPOCH","ranges":[[4,9007199254740992]]}',
        b'{"v":1,"epoch":"0123456789abcdef","ranges":[[1,3]]}',
        b"[" * 100_000,
    ],
)
async def test_it_settles_nothing_and_does_not_end_the_session(
    broker: Broker, tmp_path: Path, payload: bytes
) -> None:
    async with (
        spool_for(tmp_path, "cloud") as spool,
        connect(broker.cloud_link()) as cloud,
        running(spool, tmp_path, [to_cloud(broker)]) as [relay],
    ):
        await put(spool, 3)
        await status_when(relay, lambda s: s.unconfirmed == 3 and s.in_flight == 0)
        cloud.publish(TOPIC, payload.replace(b"EPOCH", spool.epoch.encode()))
        # The one behind it is understood, so the first has been looked at by then.
        cloud.publish(TOPIC, acknowledging(spool.epoch, (3, 3)))
        status = await status_when(relay, lambda s: s.waiting < 3)
        assert (status.waiting, status.counters.delivered, status.counters.failures) == (2, 1, 0)
        await confirm_the_rest(cloud, spool)


async def confirm_the_rest(cloud: object, spool: Spool) -> None:
    cloud.publish(TOPIC, acknowledging(spool.epoch, (1, 2)))  # type: ignore[attr-defined]
    await settled(spool, "cloud")
