"""From the last bit on the simulated air to the cloud's commit, through the whole product.

Real programs on loopback: radio worker, gateway, mosquitto over TLS, nap-cloud with SQLite. A
listener at the broker hears each uplink, and the acknowledgment that the cloud sends after its
commit. One machine has one clock: a frame ends at the time of its first bit, as the receiver
measured it, and the length of its bits later.

    last bit ── worker ── gateway, spool (synced) ── broker ─┬─ cloud commits ── acknowledgment
                                                           heard                   heard
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import msgspec
from figure import Figure, percentile
from running import product, simulated_air, times_rated

from nap.wire.messages import Acknowledgment, Uplink
from nap.wire.mqtt import connect
from nap.wire.mqtt_types import Incoming, MqttSettings
from nap.wire.tls_verdicts import TlsFiles
from radio.sigfox.frame_type import CRC_BITS, HEADER_BITS

TOPICS: Final = ("nap/+/event/uplink", "nap/+/command/ack")
DEVICES: Final = 20
INTERVAL_S: Final = 20.0
SECONDS: Final = 160.0
QUICK_S: Final = 25.0
WARM_UP_S: Final = 10.0
"""What is heard before the gateway is connected waits for that: another figure than this."""
SLOW_BPS: Final = 100
P99: Final = 99


@dataclass(slots=True)
class Journey:
    """One message: when its frame ended, when its uplink and its confirmation were heard."""

    bit_rate: int
    ended_utc: datetime
    uplink_utc: datetime
    committed_utc: datetime | None = None


@dataclass(slots=True)
class Listener:
    """Sorts what comes by the broker into journeys."""

    journeys: dict[int, Journey] = field(default_factory=dict)

    def hear(self, incoming: Incoming, now_utc: datetime) -> None:
        """Take one message of `TOPICS`."""
        if incoming.topic.endswith("/event/uplink"):
            uplink = msgspec.json.decode(incoming.payload, type=Uplink)
            journey = Journey(uplink.bit_rate, end_of(uplink), now_utc)
            self.journeys.setdefault(uplink.number, journey)
        else:
            self._confirm(msgspec.json.decode(incoming.payload, type=Acknowledgment), now_utc)

    def _confirm(self, answer: Acknowledgment, now_utc: datetime) -> None:
        for first, last in answer.ranges:
            for number in range(first, last + 1):
                journey = self.journeys.get(number)
                if journey is not None and journey.committed_utc is None:
                    journey.committed_utc = now_utc


def end_of(uplink: Uplink) -> datetime:
    """When the last bit of the frame was over."""
    if uplink.frame.received_utc is None:
        raise ValueError("the simulated air has a clock, but its uplink has no time")
    bits = HEADER_BITS + len(uplink.packet) * 4 + CRC_BITS
    return datetime.fromisoformat(uplink.frame.received_utc) + timedelta(
        seconds=bits / uplink.bit_rate
    )


async def _listen(files: Path, port: int, seconds: float) -> Listener:
    """Hear what passes for so long."""
    settings = MqttSettings(
        host="localhost",
        port=port,
        client_id="bench",
        files=TlsFiles.in_folder(files),
        receive_maximum=1000,
    )
    listener = Listener()
    async with connect(settings) as link:
        await link.subscribe(*TOPICS)
        try:
            async with asyncio.timeout(seconds):
                while True:
                    await link.wait()
                    now_utc = datetime.now(UTC)
                    for incoming in link.take_messages():
                        listener.hear(incoming, now_utc)
                        link.acknowledge(incoming)
        except TimeoutError:
            return listener


def figures(*, quick: bool = False) -> list[Figure]:
    """The whole way and its two halves, at about one message a second."""
    found = _journeys(QUICK_S if quick else SECONDS)
    ways = {
        "end_of_frame_to_commit": [_ms(one.ended_utc, done) for one, done in found],
        "end_of_frame_to_broker": [_ms(one.ended_utc, one.uplink_utc) for one, _ in found],
        "broker_to_commit": [_ms(one.uplink_utc, done) for one, done in found],
        "end_of_frame_to_commit_100bps": [
            _ms(one.ended_utc, done) for one, done in found if one.bit_rate == SLOW_BPS
        ],
        "end_of_frame_to_commit_600bps": [
            _ms(one.ended_utc, done) for one, done in found if one.bit_rate != SLOW_BPS
        ],
    }
    return [
        _figure(name, delays_ms, percent)
        for name, delays_ms in ways.items()
        if delays_ms
        for percent in (50, P99)
    ]


def _figure(name: str, delays_ms: list[float], percent: int) -> Figure:
    whole = name == "end_of_frame_to_commit" and percent == P99
    times = times_rated(DEVICES, INTERVAL_S)
    return Figure(
        name=f"{name}_p{percent}_ms",
        value=percentile(delays_ms, percent),
        unit="ms",
        how=(
            f"{len(delays_ms)} messages of {DEVICES} simulated sensors, {DEVICES / INTERVAL_S:g}/s "
            f"({times:.0f} x the rated load), loopback; commit seen by its acknowledgment"
        ),
        required="< 200" if whole else None,
        aim="< 100" if whole else None,
    )


def _journeys(seconds: float) -> list[tuple[Journey, datetime]]:
    """Messages of a run with when they were confirmed; those under way at its end do not count."""
    with product(simulated_air(DEVICES, INTERVAL_S)) as stack:
        stack.start_gateway()
        warm_utc = datetime.now(UTC) + timedelta(seconds=WARM_UP_S)
        listener = asyncio.run(_listen(stack.folder / "cloud", stack.service_port, seconds))
        stack.check()
    found = [
        (one, one.committed_utc)
        for one in listener.journeys.values()
        if one.committed_utc is not None and one.ended_utc > warm_utc
    ]
    if not found:
        msg = f"nothing was confirmed in {seconds:g} s"
        raise RuntimeError(msg)
    return found


def _ms(begin_utc: datetime, end_utc: datetime) -> float:
    return 1000 * (end_utc - begin_utc).total_seconds()
