"""Stands in for the core network's downlink: answers every uplink that asks.

Usage: answer.py FOLDER PORT — certificates of the cloud in FOLDER, its listener at the broker.
Simulated: it knows the keys of simulated devices, and greets them. Prints a line for each reply.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Final, NoReturn

import msgspec

from nap.wire import topics
from nap.wire.errors import LinkError
from nap.wire.messages import DownlinkCommand, DownlinkReply, Uplink
from nap.wire.mqtt import MqttLink, connect
from nap.wire.mqtt_types import Incoming, MqttSettings
from nap.wire.tls_verdicts import TlsFiles
from radio.air.device import nak_of
from radio.sigfox.tag import downlink_tag

GREETING: Final = b"Hello 24"
AGAIN_AFTER_S: Final = 1.0


async def serve(settings: MqttSettings) -> NoReturn:
    """Answer until killed, over as many connections as it takes."""
    while True:
        try:
            async with connect(settings) as link:
                await link.subscribe("nap/+/event/uplink", "nap/+/reply/downlink")
                await _serve(link)
        except LinkError as error:
            print(f"no link: {error}", flush=True)
            await asyncio.sleep(AGAIN_AFTER_S)


async def _serve(link: MqttLink) -> NoReturn:
    while True:
        for message in link.take_messages():
            _take(link, message)
            link.acknowledge(message)
        link.take_acknowledged()
        await link.wait()


def _take(link: MqttLink, message: Incoming) -> None:
    if message.topic.endswith("/reply/downlink"):
        reply = msgspec.json.decode(message.payload, type=DownlinkReply)
        heard = "" if reply.device_rssi_dbm is None else f" at {reply.device_rssi_dbm:.0f} dBm"
        why = "" if reply.reason is None else f": {reply.reason}"
        print(f"downlink to {reply.id} {reply.state}{heard}{why}", flush=True)
        return
    uplink = msgspec.json.decode(message.payload, type=Uplink)
    nap_id = topics.nap_of(message.topic)
    if uplink.bidirectional and nap_id is not None:
        body = msgspec.json.encode(_greeting(uplink))
        link.publish(topics.command(nap_id, "downlink"), body)


def _greeting(uplink: Uplink) -> DownlinkCommand:
    device_id = int(uplink.device_id, 16)
    tag = downlink_tag(device_id, uplink.seq_number, GREETING, nak_of(device_id))
    return DownlinkCommand(
        id=f"{uplink.device_id}.{uplink.seq_number}",
        device_id=uplink.device_id,
        seq_number=uplink.seq_number,
        payload=GREETING.hex(),
        tag=tag.hex(),
    )


if __name__ == "__main__":
    asyncio.run(
        serve(
            MqttSettings(
                host="localhost",
                port=int(sys.argv[2]),
                client_id="demo-downlink",
                files=TlsFiles.in_folder(Path(sys.argv[1])),
            )
        )
    )
