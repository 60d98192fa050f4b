"""Downlinks through everything: a core network, a real broker, the gateway and its worker as
processes, and a simulated device that hears them with a demodulator of its own."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec

from nap.wire.messages import DownlinkCommand
from radio.sigfox.control import parse_control
from tests.field import whole
from tests.field.whole import NAP_ID
from tests.parts.mosquitto import Broker
from tests.simulators.downlink_cloud import DownlinkCloud

GATEWAY = [sys.executable, "-c", "import sys; from nap.cli.app import main; sys.exit(main())"]
LISTENING = """
[radio]
bit_rates = [600]
[radio.front_end]
type = "simulator"
devices = 0
listening = 1
bit_rates = [600]
speed = 6.0
"""


def configuration(folder: Path, broker: Broker, transmit: str) -> Path:
    """A gateway whose air has one device, which asks for downlinks."""
    return whole.configuration(folder, broker, f"{LISTENING}\n{transmit}")


@asynccontextmanager
async def gateway(config: Path) -> AsyncIterator[None]:
    log = config.with_suffix(".log")
    with log.open("wb") as file:
        process = await asyncio.create_subprocess_exec(
            *GATEWAY, "run", "--config", str(config), stderr=file
        )
        try:
            yield
            process.terminate()
            async with asyncio.timeout(20):
                assert await process.wait() == 0, log.read_text()
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()


async def test_a_downlink_reaches_its_device_which_confirms_it(
    broker: Broker, tmp_path: Path
) -> None:
    cloud = DownlinkCloud(times=3)
    config = configuration(tmp_path, broker, "[radio.transmit]")
    async with cloud.listening(broker.cloud_link()), gateway(config):
        confirmed = await cloud.until("confirmed")
        # A command that nobody asked for, and one that is none.
        cloud.say(NAP_ID, b'{"id": "odd", "device_id": "x"}')
        cloud.say(NAP_ID, b"\xff")
        unasked = DownlinkCommand(
            id="unasked", device_id="00000001", seq_number=1, payload="00" * 8, tag="0000"
        )
        cloud.say(NAP_ID, msgspec.json.encode(unasked))
        await cloud.until("refused", "odd")
        await cloud.until("refused", "unasked")
    asked = cloud.uplinks[0]
    assert confirmed.id == f"{asked.device_id}-{asked.seq_number}"
    # Sent three times, executed once, answered each time.
    states = cloud.states(confirmed.id)
    assert [state for at, state in enumerate(states) if state not in states[:at]] == [
        "accepted", "sent", "confirmed",
    ]  # fmt: skip
    assert states.count("sent") == 1
    confirmations = [one for one in cloud.uplinks if one.message_type == "downlink_confirmation"]
    (uplink,) = [one for one in confirmations if one.device_id == asked.device_id]
    assert uplink.seq_number == confirmed.confirmation_seq_number == asked.seq_number + 1
    fields = parse_control(bytes.fromhex(uplink.payload))
    assert fields is not None
    assert fields.rssi_dbm == confirmed.device_rssi_dbm
    assert confirmed.simulated
    refused = {one.id: one.reason for one in cloud.replies if one.state == "refused"}
    assert refused == {"odd": "malformed", "unasked": "unknown_uplink"}
    assert (tmp_path / "state" / "airtime").exists()


async def test_a_gateway_that_stops_says_what_it_will_not_send(
    broker: Broker, tmp_path: Path
) -> None:
    cloud = DownlinkCloud()
    config = configuration(tmp_path, broker, "[radio.transmit]")
    async with cloud.listening(broker.cloud_link()):
        async with gateway(config):
            accepted = await cloud.until("accepted")
        refused = await cloud.until("refused", accepted.id)
    assert refused.reason == "radio_lost"


async def test_a_muted_box_refuses_and_its_device_hears_nothing(
    broker: Broker, tmp_path: Path
) -> None:
    cloud = DownlinkCloud()
    config = configuration(tmp_path, broker, '[radio.transmit]\nstate = "muted"')
    async with cloud.listening(broker.cloud_link()), gateway(config):
        refused = await cloud.until("refused")
    assert refused.reason == "muted"
    assert {reply.state for reply in cloud.replies} == {"refused"}
    assert not (tmp_path / "state" / "airtime").exists()


async def test_a_box_without_a_transmitter_says_so(broker: Broker, tmp_path: Path) -> None:
    cloud = DownlinkCloud()
    async with cloud.listening(broker.cloud_link()), gateway(configuration(tmp_path, broker, "")):
        refused = await cloud.until("refused")
    assert refused.reason == "no_transmitter"
