"""`make demo`: the whole product on one machine, from simulated sensors to the console.

DEMO_SECONDS=N ends it after N seconds, DEMO_PORT chooses another port for the console.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
import time
from pathlib import Path
from typing import Final, NoReturn

from stack import Program, Stack, StackError

ROOT: Final = Path(__file__).resolve().parents[2]
DEFAULT_PORT: Final = 8080
LOOK_EVERY_S: Final = 0.2


class StopAskedError(Exception):
    """Ctrl-C, SIGTERM or the end of DEMO_SECONDS."""


class Watch:
    """Knows when to end; signals are only noted, and heeded at the next pause."""

    def __init__(self, seconds: float) -> None:
        self._until = time.monotonic() + seconds
        self._asked = False
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._note)

    def pause(self, seconds: float) -> None:
        """Sleep a little.

        Raises:
            StopAskedError: it is time to end.
        """
        time.sleep(seconds)
        if self._asked or time.monotonic() >= self._until:
            raise StopAskedError

    def _note(self, _number: int, _frame: object) -> None:
        self._asked = True


def main() -> int:
    """Run the demo; 0 when it was ended as asked, 1 when something failed."""
    try:
        watch = Watch(_seconds())
        port = _port()
        folder = ROOT / "build" / ("demo" if port == DEFAULT_PORT else f"demo-{port}")
        _say(f"certificates, configuration, data and logs are in {folder.relative_to(ROOT)}/")
        stack = Stack(folder, web_port=port, pause=watch.pause)
    except StackError as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1
    return _run(stack, watch)


def _run(stack: Stack, watch: Watch) -> int:
    code, network = 0, _network(stack)
    try:
        _start(stack, network)
        _stay(stack, network, watch)
    except StopAskedError:
        _say("ending")
    except StackError as error:
        print(f"demo: {error}", file=sys.stderr)
        code = 1
    finally:
        network.stop()
        stack.stop()
    _say("all programs have ended")
    return code


def _network(stack: Stack) -> Program:
    """What answers uplinks while the cloud itself does not."""
    command = (sys.executable, str(Path(__file__).with_name("answer.py")))
    arguments = (str(stack.folder / "cloud"), str(stack.service_port))
    return Program("network", (*command, *arguments), stack.folder / "network.log")


def _start(stack: Stack, network: Program) -> None:
    _say(f"starting the broker on 127.0.0.1:{stack.port} (TLS, client certificates)")
    stack.start_broker()
    _say(f"starting the cloud with SQLite, console on 127.0.0.1:{stack.web_port}")
    stack.start_cloud()
    _say("starting the gateway with the simulated air of a dozen sensors")
    network.start()
    stack.start_gateway()
    _say("waiting for the first message; it takes some seconds on the air")


def _stay(stack: Stack, network: Program, watch: Watch) -> NoReturn:
    ready = answered = False
    while True:
        stack.check()
        network.check()
        if not ready and _messages(stack):
            ready = True
            print(f"ready: http://127.0.0.1:{stack.web_port}/ (Ctrl-C ends it)", flush=True)
        if ready and not answered and (line := _confirmed(network)):
            answered = True
            _say(line)
        watch.pause(LOOK_EVERY_S)


def _confirmed(network: Program) -> str | None:
    """The first downlink that its device has confirmed, within two minutes from the start."""
    lines = network.log_path.read_text(errors="replace").splitlines()
    return next((line.strip() for line in lines if " confirmed" in line), None)


def _messages(stack: Stack) -> bool:
    try:
        return bool(stack.get("/api/messages?limit=1")["messages"])
    except OSError:
        # Busy, or gone; the next check of the programs tells.
        return False


def _seconds() -> float:
    text = os.environ.get("DEMO_SECONDS", "")
    try:
        seconds = float(text) if text else float("inf")
    except ValueError:
        seconds = -1.0
    if not seconds > 0:
        msg = f"DEMO_SECONDS is {text!r}; a number of seconds above 0 is needed"
        raise StackError(msg)
    return seconds


def _port() -> int:
    text = os.environ.get("DEMO_PORT", str(DEFAULT_PORT))
    if not text.isascii() or not text.isdecimal() or not 0 < int(text) < 1 << 16:
        msg = f"DEMO_PORT is {text!r}; a port from 1 to 65535 is needed"
        raise StackError(msg)
    try:
        socket.create_server(("127.0.0.1", int(text))).close()
    except OSError as error:
        msg = (
            f"cannot use 127.0.0.1:{text} for the console: {error.strerror}; "
            "end the program that has it, or choose another port with DEMO_PORT"
        )
        raise StackError(msg) from error
    return int(text)


def _say(text: str) -> None:
    print(f"demo: {text}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
