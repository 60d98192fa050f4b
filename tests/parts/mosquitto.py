"""A real mosquitto on free loopback ports, with the files that `nap-cloud init` writes.

Nothing here is simulated: it starts, kills and restarts the real program for the tests.
"""

from __future__ import annotations

import dataclasses
import os
import pwd
import shutil
import socket
import subprocess
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from cloud.broker import CLOUD_USER, BrokerSettings, write_broker_files
from cloud.pki import Authority
from nap.wire.mqtt_types import MqttSettings
from nap.wire.tls_verdicts import TlsFiles


def free_port() -> int:
    """A loopback port that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Broker:
    """One broker with its own authority; `start`, `kill` and start again as often as needed.

    `hosts` and `certified_utc` say for whom and when the server certificate was issued.
    """

    def __init__(
        self,
        folder: Path,
        *,
        window: int = 1000,
        hosts: Sequence[str] = ("localhost", "127.0.0.1"),
        certified_utc: datetime | None = None,
    ) -> None:
        self.folder = folder
        self.authority = Authority.create("Test authority", datetime.now(UTC))
        self.port = free_port()
        self.service_port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        broker = folder / "broker"
        certified_utc = certified_utc or datetime.now(UTC)
        self.authority.issue_server(hosts, certified_utc).write(broker, "server")
        settings = BrokerSettings(
            account=pwd.getpwuid(os.getuid()).pw_name,
            port=self.port,
            service_port=self.service_port,
            window=window,
        )
        self._configuration = write_broker_files(broker, settings)

    def station(self, nap_id: str) -> Path:
        """Folder with client.crt, client.key and ca.crt of a station."""
        folder = self.folder / "stations" / nap_id
        if not folder.exists():
            self.authority.issue_station(nap_id, datetime.now(UTC)).write(folder, "client")
        return folder

    def cloud(self) -> Path:
        """Folder with client.crt, client.key and ca.crt of the cloud's service user."""
        folder = self.folder / "cloud"
        if not folder.exists():
            self.authority.issue_service(CLOUD_USER, datetime.now(UTC)).write(folder, "client")
        return folder

    def station_link(self, nap_id: str, **others: object) -> MqttSettings:
        """Settings with which a station connects."""
        files = TlsFiles.in_folder(self.station(nap_id))
        return self._link(self.port, nap_id, files, others)

    def cloud_link(self, client_id: str = "worker", **others: object) -> MqttSettings:
        """Settings with which a worker of the cloud connects."""
        # As the real one: this broker forgets the announced maximum once messages queue, and
        # a link that bears no excess would end.
        settings = {"excess": 24_000, **others}
        return self._link(self.service_port, client_id, TlsFiles.in_folder(self.cloud()), settings)

    @staticmethod
    def _link(
        port: int, client_id: str, files: TlsFiles, others: dict[str, object]
    ) -> MqttSettings:
        settings = MqttSettings(host="localhost", port=port, client_id=client_id, files=files)
        return dataclasses.replace(settings, **others)  # type: ignore[arg-type]

    def start(self) -> None:
        """Start mosquitto and return once it listens."""
        assert self._process is None, "already running"
        with (self.folder / "mosquitto.log").open("ab") as log:
            program = shutil.which("mosquitto") or "/usr/sbin/mosquitto"
            self._process = subprocess.Popen(
                [program, "-c", str(self._configuration)], stdout=log, stderr=log
            )
        for port in (self.port, self.service_port):
            self.wait_for(port, self._process)

    @staticmethod
    def wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
        """Return once `process` listens on `port`; fail when it ended or takes 10 s."""
        deadline = time.monotonic() + 10
        while not _listens(port):
            assert process.poll() is None, f"mosquitto ended with {process.returncode}"
            assert time.monotonic() < deadline, "mosquitto does not listen"
            time.sleep(0.02)

    def kill(self, *, lose_persistence: bool = False) -> None:
        """End it at once (SIGKILL), with its persisted messages lost if told so."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
        if lose_persistence:
            shutil.rmtree(self.folder / "broker" / "data")
            (self.folder / "broker" / "data").mkdir(mode=0o700)

    def log(self) -> str:
        """What it has printed."""
        return (self.folder / "mosquitto.log").read_text(errors="replace")


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
