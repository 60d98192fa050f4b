"""`make demo` as a person uses it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.parts.mosquitto import free_port

ROOT = Path(__file__).parents[3]


class Demo:
    """The command in a process of its own, on a port of its own."""

    def __init__(self, **environment: str) -> None:
        self.port = free_port()
        self.folder = ROOT / "build" / f"demo-{self.port}"
        environment = os.environ | {"DEMO_PORT": str(self.port)} | environment
        self.process = subprocess.Popen(
            [sys.executable, str(ROOT / "packaging" / "demo" / "demo.py")],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=environment,
        )
        self.said = ""

    def until(self, beginning: str) -> str:
        """Read its output up to a line that starts so."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.said += line
            if line.startswith(beginning):
                return line
        pytest.fail(f"it ended without {beginning!r}:\n{self.said}")

    def end(self) -> int:
        """Wait for its end; everything it started must have ended, too."""
        self.said += self.process.communicate(timeout=40)[0]
        assert self.children() == []
        return self.process.returncode

    def children(self) -> list[str]:
        """Programs that run on its folder."""
        found = []
        for entry in Path("/proc").iterdir():
            try:
                line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            except OSError:
                continue
            if f"{self.folder}/" in line:
                found.append(f"{entry.name} {line}")
        return found


@pytest.fixture
def demos() -> Iterator[list[Demo]]:
    started: list[Demo] = []
    yield started
    for demo in started:
        demo.process.terminate()
        demo.process.communicate(timeout=40)


@pytest.mark.slow
def test_a_message_reaches_the_console_and_the_time_ends_it_clean(demos: list[Demo]) -> None:
    demos.append(demo := Demo(DEMO_SECONDS="30"))
    assert demo.until("ready:") == f"ready: http://127.0.0.1:{demo.port}/ (Ctrl-C ends it)\n"
    assert len(demo.children()) >= 3
    assert demo.end() == 0, demo.said
    assert demo.said.count("ready:") == 1
    for name in ("broker", "cloud", "gateway"):
        log = (demo.folder / f"{name}.log").read_text()
        assert "Traceback" not in log, log


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_ends_everything_at_any_moment(demos: list[Demo], number: signal.Signals) -> None:
    demos.append(demo := Demo())
    demo.until("demo: starting the gateway")
    demo.process.send_signal(number)
    assert demo.end() == 0, demo.said


@pytest.mark.slow
def test_a_program_that_dies_ends_all_with_its_last_words(demos: list[Demo]) -> None:
    demos.append(demo := Demo())
    demo.until("demo: waiting")
    broker = next(line for line in demo.children() if "mosquitto" in line)
    os.kill(int(broker.split()[0]), signal.SIGKILL)
    assert demo.end() == 1
    assert "broker ended by itself" in demo.said
    assert "New client connected" in demo.said


def test_a_taken_port_is_told_and_nothing_is_started(demos: list[Demo]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        demos.append(demo := Demo(DEMO_PORT=str(port)))
        assert demo.end() == 1
    assert f"cannot use 127.0.0.1:{port}" in demo.said


@pytest.mark.parametrize("settings", [{"DEMO_SECONDS": "soon"}, {"DEMO_PORT": "http"}])
def test_a_wrong_setting_is_told(demos: list[Demo], settings: dict[str, str]) -> None:
    demos.append(demo := Demo(**settings))
    assert demo.end() == 1
    assert next(iter(settings)) in demo.said
