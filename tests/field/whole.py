"""The whole path on one machine: gateway with a scripted radio, real broker, real cloud."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Final

from tests.parts.gateway import Gateway
from tests.parts.mosquitto import Broker
from tests.servers.nap_cloud import NapCloud

NAP_ID: Final = "NAP-FIELD"
_STORED: Final = re.compile(rb"uplink, device_id: (\w+), seq_number: (\d+)")
SIMULATOR: Final = """
[radio.front_end]
type = "simulator"
"""
Key = tuple[str, int]


def configuration(folder: Path, broker: Broker, radio: str = SIMULATOR) -> Path:
    """A gateway's configuration that delivers to the cloud behind this broker."""
    files = broker.station(NAP_ID)
    path = folder / "nap.toml"
    path.write_text(
        f"""
state_dir = "{folder}/state"
run_dir = "{folder}/run"
[station]
nap_id = "{NAP_ID}"
{radio}
[[destination]]
kind = "cloud"
host = "localhost"
port = {broker.port}
authority_path = "{files}/ca.crt"
certificate_path = "{files}/client.crt"
key_path = "{files}/client.key"
pace = {{ drain_per_s = 100000.0, in_flight = 200 }}
"""
    )
    return path


def stored(running: Gateway) -> set[Key]:
    """Messages that the gateway said it had put into its spool."""
    return {
        (found[1].decode(), int(found[2]))
        for line in running.log
        if (found := _STORED.search(line))
    }


def copies(cloud: NapCloud) -> Counter[Key]:
    """How often each message is in the cloud."""
    return Counter((one["device_id"], one["seq_number"]) for one in cloud.messages())
