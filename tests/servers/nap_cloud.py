"""A real nap-cloud process with its configuration; killed and started as often as needed."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Final

import httpx

from tests.parts.mosquitto import Broker, free_port

START_WITHIN_S: Final = 30.0
# Generous: the machine may be busy with other tests.
PATIENCE_S: Final = 30.0


class NapCloud:
    """One worker; several may share a broker and a database."""

    def __init__(
        self, folder: Path, broker: Broker, url: str, *, client_id: str = "nap-cloud"
    ) -> None:
        self.port = free_port()
        self.log_path = folder / f"{client_id}.log"
        self.config_path = folder / f"{client_id}.toml"
        self._process: subprocess.Popen[bytes] | None = None
        files = broker.cloud()
        self.config_path.write_text(
            f"""
            [mqtt]
            port = {broker.service_port}
            client_id = "{client_id}"
            authority = "{files}/ca.crt"
            certificate = "{files}/client.crt"
            key = "{files}/client.key"
            [store]
            url = "{url}"
            [web]
            port = {self.port}
            """
        )

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self, *, wait: bool = True) -> None:
        """Start it and wait until it is connected to broker and database."""
        assert self._process is None, "already running"
        command = [sys.executable, "-c", "from cloud.cli.app import main; raise SystemExit(main())"]
        with self.log_path.open("ab") as log:
            self._process = subprocess.Popen(
                [*command, "run", "--config", str(self.config_path)], stdout=log, stderr=log
            )
        if wait:
            self.wait_until_well()

    def wait_until_well(self) -> None:
        """Return once /healthz says ok."""
        deadline = time.monotonic() + START_WITHIN_S
        while self.health() != 200:
            assert self._process is not None
            assert self._process.poll() is None, self.log()
            assert time.monotonic() < deadline, self.log()
            time.sleep(0.05)

    def health(self) -> int | None:
        """Status of /healthz; None while nobody answers."""
        try:
            return httpx.get(f"{self.base_url}/healthz", timeout=PATIENCE_S).status_code
        except httpx.TransportError:
            return None

    def fault(self) -> str:
        """The text of /healthz."""
        return httpx.get(f"{self.base_url}/healthz", timeout=PATIENCE_S).text

    def get(self, path: str) -> Any:  # noqa: ANN401 - JSON
        """JSON of the API; fails when the status is not 200."""
        return httpx.get(f"{self.base_url}{path}", timeout=PATIENCE_S).raise_for_status().json()

    def metric(self, name: str) -> float:
        """One figure of /metrics."""
        lines = httpx.get(f"{self.base_url}/metrics", timeout=PATIENCE_S).text.splitlines()
        wanted = f"nap_cloud_{name} "
        return next(float(line.split()[1]) for line in lines if line.startswith(wanted))

    def messages(self) -> list[dict[str, Any]]:
        """All messages, page by page."""
        found, cursor = [], ""
        while True:
            page = self.get(f"/api/messages?limit=500{cursor}")
            found += page["messages"]
            if page["next"] is None:
                return found
            cursor = f"&cursor={page['next']}"

    def wait(self) -> int:
        """Exit code of a program that ends by itself."""
        assert self._process is not None
        code = self._process.wait(START_WITHIN_S)
        self._process = None
        return code

    def kill(self) -> None:
        """SIGKILL: no farewell."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def stop(self) -> int:
        """SIGTERM; return the exit code."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        return self.wait()

    def log(self) -> str:
        """What it has printed."""
        return self.log_path.read_text(errors="replace")
