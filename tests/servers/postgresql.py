"""A PostgreSQL server of the test's own, in a folder of its own, on a Unix socket only."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import psycopg

FOLDERS: Final = sorted(Path("/usr/lib/postgresql").glob("*/bin"))


class PostgresqlServer:
    """Started on entry, gone without a trace on exit; may be killed and started in between."""

    def __init__(self) -> None:
        # A Unix socket's path holds 107 characters: pytest's folders are too deep.
        self._folder = Path(tempfile.mkdtemp(prefix="nap-pg-"))
        self._databases = 0

    def __enter__(self) -> Self:
        if os.getuid() == 0:
            shutil.chown(self._folder, "postgres")
        self._run("initdb", "-D", self._data, "-A", "trust", "-U", "nap", "-E", "UTF8", "--no-sync")
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop("fast")
        shutil.rmtree(self._folder)

    @property
    def _data(self) -> str:
        return str(self._folder / "data")

    def start(self) -> None:
        """Start and wait until it answers."""
        options = f"-c listen_addresses='' -c unix_socket_directories={self._folder}"
        self._run(
            "pg_ctl", "-D", self._data, "-w", "-o", options, "-l", f"{self._data}.log", "start"
        )

    def stop(self, mode: str = "immediate") -> None:
        """Stop; `immediate` is what a crash leaves behind."""
        self._run("pg_ctl", "-D", self._data, "-w", "-m", mode, "stop", check=False)

    def new_database(self) -> str:
        """Create an empty database; return its URL."""
        self._databases += 1
        name = f"cloud{self._databases}"
        with psycopg.connect(self._conninfo("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        return f"postgresql://nap@/{name}?host={self._folder}"

    def _conninfo(self, database: str) -> str:
        return f"host={self._folder} user=nap dbname={database}"

    def _run(self, program: str, *arguments: str, check: bool = True) -> None:
        become: Sequence[str] = ("runuser", "-u", "postgres", "--") if os.getuid() == 0 else ()
        command = [*become, str(FOLDERS[-1] / program), *arguments]
        result = subprocess.run(
            command, check=False, capture_output=True, text=True, cwd="/", stdin=subprocess.DEVNULL
        )
        if check and result.returncode != 0:
            message = f"{program}: {result.stderr}"
            raise RuntimeError(message)
