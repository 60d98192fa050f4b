from __future__ import annotations

from tests.parts.mosquitto import Broker
from tests.servers.nap_cloud import NapCloud
from tests.servers.station import Station


async def test_what_a_station_sends_is_stored_once_and_acknowledged(
    broker: Broker, cloud: NapCloud
) -> None:
    station = Station(broker, "NAP-1")
    for number in range(1, 301):
        station.put_uplink(number)
    await station.deliver()
    for number in range(200, 401):
        station.put_uplink(number)  # half of them again
    await station.deliver()
    assert station.acknowledged == set(range(1, 401))
    payloads = [message["payload"] for message in cloud.messages()]
    assert sorted(payloads) == sorted(number.to_bytes(4, "big").hex() for number in range(1, 401))
