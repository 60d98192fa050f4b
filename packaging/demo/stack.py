"""The whole product as real processes on one machine: broker, cloud, gateway with simulated air.

For the demo and for tests: each program can be started, stopped and killed on its own.
"""

from __future__ import annotations

import http.client
import json
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from cloud.broker import CLOUD_USER, BrokerSettings, write_broker_files
from cloud.pki import Authority

# Commands of the environment that runs this, found beside its Python.
COMMANDS: Final = Path(sys.executable).parent
STOP_WITHIN_S: Final = 15.0
START_WITHIN_S: Final = 20.0

SIMULATED_AIR: Final = """\
[radio.front_end]
type = "simulator"
devices = 12
interval_s = 30.0
follows_clock = true
listening = 3

[radio.transmit]
"""


class StackError(Exception):
    """A program did not start, or ended by itself; the message says which, with its last words."""


@dataclass
class Program:
    """One child process with its log file."""

    name: str
    command: Sequence[str]
    log_path: Path
    _process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    def start(self) -> None:
        """Start it, out of reach of the terminal's Ctrl-C, and bound to our own life."""
        # setpriv: were we killed, the kernel would end the child.
        command = ["setpriv", "--pdeathsig", "TERM", "--", *self.command]
        with self.log_path.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own commands
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )

    @property
    def pid(self) -> int | None:
        """Its process id while it was started and not stopped."""
        return self._process.pid if self._process is not None else None

    def check(self) -> None:
        """Raise StackError when it ended by itself."""
        if self._process is not None and (code := self._process.poll()) is not None:
            msg = (
                f"{self.name} ended by itself with exit code {code}; its last words:\n{self.tail()}"
            )
            raise StackError(msg)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int | None:
        """End it and wait; return its exit code, None when it did not run.

        What does not end in time is killed: nothing may stay behind.
        """
        process, self._process = self._process, None
        if process is None:
            return None
        process.send_signal(number)
        try:
            return process.wait(STOP_WITHIN_S)
        except subprocess.TimeoutExpired:
            process.kill()
            return process.wait()

    def kill(self) -> None:
        """SIGKILL: no farewell."""
        self.stop(signal.SIGKILL)

    def tail(self, lines: int = 20) -> str:
        """The end of its log."""
        text = self.log_path.read_text(errors="replace") if self.log_path.exists() else ""
        return "\n".join(f"  {line}" for line in text.splitlines()[-lines:])


class Stack:
    """Fresh certificates, configuration and data in `folder`, and the three programs on them.

    Args:
        folder: Emptied at first; keeps logs and data afterwards.
        web_port: Where the console listens on loopback.
        air: The `[radio.front_end]` table of the gateway's configuration.
        nap_id: Identity of the gateway.
        pause: Sleeps for some seconds; may raise to give up waiting. A signal handler that raises
            would do so between a program's start and our knowing of it.
    """

    def __init__(
        self,
        folder: Path,
        *,
        web_port: int,
        air: str = SIMULATED_AIR,
        nap_id: str = "NAP-DEMO",
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._pause = pause
        self.folder = folder.resolve()
        self.web_port = web_port
        self.nap_id = nap_id
        self.port, self.service_port = free_ports(2)
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        broker_file = self._make_credentials()
        self._write("cloud.toml", self._cloud_toml())
        self._write("nap.toml", self._nap_toml(air))
        mosquitto = shutil.which("mosquitto", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
        self.broker = self._program("broker", mosquitto or "mosquitto", "-c", str(broker_file))
        self.cloud = self._program("cloud", *self._ours("nap-cloud", "cloud.toml"))
        self.gateway = self._program("gateway", *self._ours("nap", "nap.toml"))
        self.programs = (self.broker, self.cloud, self.gateway)

    def start_broker(self) -> None:
        """Start the broker and return once it listens."""
        self.broker.start()
        self._until(self.broker, lambda: _listens(self.service_port))

    def start_cloud(self) -> None:
        """Start the cloud and return once it is connected to broker and database."""
        self.cloud.start()
        self._until(self.cloud, lambda: self._status("/healthz") == http.client.OK)

    def start_gateway(self) -> None:
        """Start the gateway."""
        self.gateway.start()

    def start(self) -> None:
        """Start everything in order.

        Raises:
            StackError: a program ended, or did not become ready in time.
        """
        self.start_broker()
        self.start_cloud()
        self.start_gateway()

    def stop(self) -> None:
        """End everything, along the data path."""
        for program in reversed(self.programs):
            program.stop()

    def check(self) -> None:
        """Raise StackError when a program ended by itself."""
        for program in self.programs:
            program.check()

    def get(self, path: str) -> Any:  # noqa: ANN401 - JSON
        """JSON of the cloud's API."""
        connection = http.client.HTTPConnection("127.0.0.1", self.web_port, timeout=5)
        try:
            connection.request("GET", path)
            return json.loads(connection.getresponse().read())
        finally:
            connection.close()

    def _until(self, program: Program, fact: Callable[[], bool]) -> None:
        deadline = time.monotonic() + START_WITHIN_S
        while not fact():
            program.check()
            if time.monotonic() > deadline:
                msg = f"{program.name} is not ready after {START_WITHIN_S:g} s:\n{program.tail()}"
                raise StackError(msg)
            self._pause(0.05)

    def _status(self, path: str) -> int | None:
        connection = http.client.HTTPConnection("127.0.0.1", self.web_port, timeout=5)
        try:
            connection.request("GET", path)
            return connection.getresponse().status
        except OSError:
            return None
        finally:
            connection.close()

    def _program(self, name: str, *command: str) -> Program:
        return Program(name, command, self.folder / f"{name}.log")

    def _ours(self, command: str, config: str) -> Sequence[str]:
        return (str(COMMANDS / command), "run", "--config", str(self.folder / config))

    def _write(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text)

    def _make_credentials(self) -> Path:
        now_utc = datetime.now(UTC)
        authority = Authority.create("Demo authority", now_utc)
        broker = self.folder / "broker"
        authority.issue_server(["localhost", "127.0.0.1"], now_utc).write(broker, "server")
        authority.issue_service(CLOUD_USER, now_utc).write(self.folder / "cloud", "client")
        authority.issue_station(self.nap_id, now_utc).write(self.folder / "station", "client")
        account = pwd.getpwuid(os.getuid()).pw_name
        settings = BrokerSettings(account=account, port=self.port, service_port=self.service_port)
        return write_broker_files(broker, settings)

    def _cloud_toml(self) -> str:
        return f"""\
[mqtt]
port = {self.service_port}
authority = "cloud/ca.crt"
certificate = "cloud/client.crt"
key = "cloud/client.key"
[store]
url = "sqlite:///{self.folder}/cloud.db"
[web]
port = {self.web_port}
"""

    def _nap_toml(self, air: str) -> str:
        return f"""\
state_dir = "{self.folder}/state"
run_dir = "{self.folder}/run"
[station]
nap_id = "{self.nap_id}"
model = "NAP7"
[radio]
zone = "RC1"
{air}
[[destination]]
kind = "cloud"
host = "localhost"
port = {self.port}
authority_path = "{self.folder}/station/ca.crt"
certificate_path = "{self.folder}/station/client.crt"
key_path = "{self.folder}/station/client.key"
"""


def free_ports(count: int) -> list[int]:
    """Loopback ports that nothing listens on now."""
    probes = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    try:
        return [probe.getsockname()[1] for probe in probes]
    finally:
        for probe in probes:
            probe.close()


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
