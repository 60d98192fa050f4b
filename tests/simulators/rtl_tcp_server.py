"""A simulated rtl_tcp server: the real protocol on a real socket, and bad days on demand."""

from __future__ import annotations

import select
import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

import numpy as np

from radio.air.air import Air
from radio.frontend.sample_formats import sample_format


@dataclass
class Misbehaviour:
    """What goes wrong; times and bytes count from the start of each connection.

    Attributes:
        greeting: Sent in place of the usual one.
        stall_after_bytes: Nothing follows.
        trickle_after_bytes: One byte follows now and then.
        close_after_bytes: The connection is closed.
        drop_at_bytes: From there `drop_bytes` are thrown away, once.
        pace: Samples leave at this part of the rate.
    """

    greeting: bytes = struct.pack(">4sII", b"RTL0", 5, 29)
    stall_after_bytes: int | None = None
    trickle_after_bytes: int | None = None
    close_after_bytes: int | None = None
    drop_at_bytes: int | None = None
    drop_bytes: int = 0
    pace: float = 1.0


@dataclass
class RtlTcpServer:
    """Serves one client after the other with samples of `source`, or a ramp, at a steady pace."""

    rate_hz: float
    misbehaviour: Misbehaviour = field(default_factory=Misbehaviour)
    source: Air | None = None
    commands: list[tuple[int, int]] = field(default_factory=list)
    connected_at: list[float] = field(default_factory=list)
    simulated: bool = True

    def __post_init__(self) -> None:
        self._stop = threading.Event()
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._socket.settimeout(0.02)
        self.port: int = self._socket.getsockname()[1]

    @contextmanager
    def serving(self) -> Iterator[RtlTcpServer]:
        thread = threading.Thread(target=self._serve)
        thread.start()
        try:
            yield self
        finally:
            self._stop.set()
            self._socket.close()
            thread.join()

    def _serve(self) -> None:
        while not self._stop.is_set():
            with suppress(OSError):
                client, _ = self._socket.accept()
                self.connected_at.append(time.monotonic())
                with client:
                    self._talk(client)

    def _talk(self, client: socket.socket) -> None:
        client.sendall(self.misbehaviour.greeting)
        client.settimeout(5)
        began_at, sent, pending = time.monotonic(), 0, b""
        while not self._stop.is_set():
            pending = self._read_commands(client, pending)
            pace_hz = self.rate_hz * self.misbehaviour.pace
            due = int(2 * pace_hz * (time.monotonic() - began_at)) // 512 * 512
            if (end := self._end(sent, due)) < 0:
                return
            if end > sent:
                skip = self._skipped(sent, end)
                client.sendall(self._samples(sent + skip, end))
            sent = end
            time.sleep(0.002)

    def _end(self, sent: int, due: int) -> int:
        """Up to which byte to send now; -1: close."""
        wrong = self.misbehaviour
        if wrong.close_after_bytes is not None and due >= wrong.close_after_bytes:
            return -1
        if wrong.stall_after_bytes is not None:
            return min(due, wrong.stall_after_bytes)
        if wrong.trickle_after_bytes is not None and due > wrong.trickle_after_bytes:
            return max(sent, wrong.trickle_after_bytes) + 1
        return due

    def _skipped(self, sent: int, end: int) -> int:
        at = self.misbehaviour.drop_at_bytes
        if at is None or sent < at:
            return 0
        skip = min(self.misbehaviour.drop_bytes, end - sent)
        self.misbehaviour.drop_bytes -= skip
        return skip

    def _samples(self, begin: int, end: int) -> bytes:
        if self.source is not None:
            samples = self.source.render(begin // 2, (end - begin) // 2)
            return sample_format("cu8").write(samples)
        # A ramp over the samples, so that a test sees what is missing.
        return (np.arange(begin, end) // 2 % 256).astype(np.uint8).tobytes()

    def _read_commands(self, client: socket.socket, pending: bytes) -> bytes:
        while select.select([client], [], [], 0)[0]:
            if not (received := client.recv(4096)):
                raise ConnectionResetError
            pending += received
        while len(pending) >= 5:
            code, value = struct.unpack(">BI", pending[:5])
            self.commands.append((code, value))
            pending = pending[5:]
        return pending
