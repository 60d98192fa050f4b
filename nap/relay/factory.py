"""Makes the relay of each configured destination."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import assert_never

from nap.relay.config import (
    AnyDestination,
    CloudDestination,
    HttpDestination,
    MqttDestination,
    Pace,
)
from nap.relay.couriers.cloud import CloudCourier, Station
from nap.relay.couriers.http import HttpCourier
from nap.relay.couriers.mqtt import MqttCourier
from nap.relay.lanes import Limits
from nap.relay.ports import CommandDesk, Courier
from nap.relay.quarantine import Quarantine
from nap.relay.relay import Relay
from nap.spool.ports import OutboundLog
from nap.wire.messages import Stats


def make_relays(
    destinations: Sequence[AnyDestination],
    spool: OutboundLog,
    station: Station,
    *,
    refused_folder: Path,
    uniform: Callable[[], float],
    stats: Callable[[], Stats | None] = lambda: None,
    commands: Callable[[str], CommandDesk | None] = lambda _name: None,
) -> list[Relay]:
    """One service per destination.

    Args:
        destinations: Checked by `check_destinations`; the spool must know their names.
        spool: The log they all read, each with its own cursor.
        station: Who we are.
        refused_folder: Where records that a destination refused are set aside.
        uniform: Draws from 0 to 1, for the jitter of the delays.
        stats: The ledger as the cloud is told about every minute; None: not now.
        commands: Who takes the commands of the cloud of that name.
    """
    return [
        Relay(
            destination.name,
            _courier(destination, station, stats, commands),
            spool,
            limits=_limits(destination.pace),
            quarantine=Quarantine(refused_folder / f"{destination.name}.jsonl"),
            uniform=uniform,
        )
        for destination in destinations
    ]


def _courier(
    destination: AnyDestination,
    station: Station,
    stats: Callable[[], Stats | None],
    commands: Callable[[str], CommandDesk | None],
) -> Courier:
    match destination:
        case CloudDestination():
            return CloudCourier(destination, station, stats, commands(destination.name))
        case MqttDestination():
            return MqttCourier(destination, station.nap_id)
        case HttpDestination():
            return HttpCourier(destination, station.nap_id)
        case _:
            assert_never(destination)


def _limits(pace: Pace) -> Limits:
    return Limits(
        in_flight=pace.in_flight,
        live_reserve=pace.live_reserve,
        drain_per_s=pace.drain_per_s,
        unconfirmed=pace.unconfirmed,
        confirm_within_s=pace.confirm_within_s,
        progress_within_s=pace.progress_within_s,
    )
