"""How commands reach the gateway that runs on this box: its configuration and its socket."""

from __future__ import annotations

import argparse
import http.client
import socket
import sys
from collections.abc import Callable, Iterable
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec

from nap.config import DEFAULT_PATH, Config, load
from nap.config_errors import ConfigError

T = TypeVar("T")

_TIMEOUT_S: Final = 30.0


class GatewayError(Exception):
    """The gateway did not do what was asked; the message is for people."""


class NotRunningError(GatewayError):
    """No gateway answers on the socket."""


class RefusedError(GatewayError):
    """It, or the way to it, refused."""


class _Problem(msgspec.Struct):
    error: str
    message: str


def add_config_argument(parser: argparse.ArgumentParser) -> None:
    """Let the user name the configuration file."""
    parser.add_argument(
        "--config",
        type=Path,
        default=DEFAULT_PATH,
        metavar="FILE",
        help=f"configuration of the gateway (default {DEFAULT_PATH})",
    )


def configured(args: argparse.Namespace) -> Config | None:
    """The configuration; None when it cannot be used, and then why was said on stderr."""
    try:
        return load(args.config)
    except ConfigError as error:
        complain(str(error))
        return None


def complain(message: str) -> None:
    """Say on stderr what went wrong."""
    print(f"nap: {message}", file=sys.stderr)


def show(args: argparse.Namespace, lines: Callable[[Config], Iterable[str]]) -> int:
    """Print what was asked of the gateway; 1 when it cannot be asked, and then why is on stderr."""
    config = configured(args)
    if config is None:
        return 1
    try:
        print("\n".join(lines(config)))
    except GatewayError as error:
        complain(str(error))
        return 1
    return 0


def ask(
    socket_path: Path,
    method: str,
    path: str,
    answer: type[T],
    body: Any = None,  # noqa: ANN401
) -> T:
    """One request to the gateway.

    Raises:
        NotRunningError: nobody listens.
        RefusedError: it said no, or cannot be reached by this user.
    """
    content = None if body is None else msgspec.json.encode(body)
    connection = _Connection(socket_path)
    try:
        connection.request(method, path, content, {"Content-Type": "application/json"})
        response = connection.getresponse()
        read = response.read()
    except (FileNotFoundError, ConnectionRefusedError) as error:
        msg = f"nap is not running: nobody listens on {socket_path}"
        raise NotRunningError(msg) from error
    except PermissionError as error:
        msg = f"{socket_path}: permission denied; be root or in the group of the socket"
        raise RefusedError(msg) from error
    except (OSError, http.client.HTTPException) as error:
        msg = f"{socket_path}: {type(error).__name__}: {error}"
        raise RefusedError(msg) from error
    finally:
        connection.close()
    return _answer(response.status, read, answer)


def _answer(status: int, read: bytes, answer: type[T]) -> T:
    try:
        if status == HTTPStatus.OK:
            return msgspec.json.decode(read, type=answer)
        raise RefusedError(msgspec.json.decode(read, type=_Problem).message)
    except msgspec.DecodeError as error:
        msg = f"the gateway speaks another version: {error}"
        raise RefusedError(msg) from error


class _Connection(http.client.HTTPConnection):
    """HTTP over the Unix socket."""

    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=_TIMEOUT_S)
        self._path = path

    def connect(self) -> None:
        """See HTTPConnection."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))
