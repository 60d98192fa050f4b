"""Client of rtl_tcp: an RTL-SDR, on this machine or elsewhere.

The server greets with 12 bytes, then sends samples without end:
    RTL0 TTTT GGGG   T tuner type, G number of gains; then I Q I Q … one unsigned byte each
The client may send commands of 5 bytes at any time:
    C VVVV           C command, V value
Numbers are most significant byte first. There is no answer to a command, and no word of samples
that the server threw away: those are told by the clock.
"""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum
from typing import Final

from radio.frontend.ports import FrontEndError, IqBlock, StreamFacts
from radio.frontend.sample_clock import SampleClock
from radio.frontend.sample_formats import sample_format
from radio.settings import RtlTcpSettings

SILENCE_S: Final = 2.0
"""A stream that delivers no block for this long has stopped."""
SETTLING_S: Final = 0.5
"""What was on its way at the old rate and frequency passes in this time and is thrown away."""
_BLOCK_SAMPLES: Final = 1 << 14
_CONNECT_S: Final = 5.0
_GREETING: Final = struct.Struct(">4sII")
_MAGIC: Final = b"RTL0"
_COMMAND: Final = struct.Struct(">BI")
_TUNERS: Final = ("unknown", "E4000", "FC0012", "FC0013", "FC2580", "R820T", "R828D")
_FORMAT: Final = sample_format("cu8")


class Command(IntEnum):
    """What a client may ask for."""

    FREQUENCY_HZ = 0x01
    RATE_HZ = 0x02
    MANUAL_GAIN = 0x03
    GAIN_TENTH_DB = 0x04
    CORRECTION_PPM = 0x05


class RtlTcp:
    """Fits `FrontEnd`."""

    simulated = False

    def __init__(
        self, settings: RtlTcpSettings, *, center_hz: float, settling_s: float = SETTLING_S
    ) -> None:
        self._settings, self._center_hz, self._settling_s = settings, center_hz, settling_s

    @property
    def description(self) -> str:
        """Where the server is."""
        return f"rtl_tcp {self._settings.host}:{self._settings.port}"

    @contextmanager
    def open(self) -> Iterator[RtlTcpStream]:
        """Connect and tune; FrontEndError when nobody or somebody else answers."""
        address = self._settings.host, self._settings.port
        try:
            connection = socket.create_connection(address, _CONNECT_S)
        except OSError as error:
            msg = f"{self.description}: {error.strerror or error}"
            raise FrontEndError(msg) from error
        with connection:
            stream = RtlTcpStream(connection, self.description, self._facts())
            stream.greet()
            stream.tune(self._settings)
            stream.settle(self._settling_s)
            yield stream

    def _facts(self) -> StreamFacts:
        return StreamFacts(self._settings.rate_hz, self._center_hz)


class RtlTcpStream:
    """Fits `SampleStream`: a connection to a server."""

    def __init__(self, connection: socket.socket, name: str, facts: StreamFacts) -> None:
        self.facts = facts
        self._connection, self._name = connection, name
        self.tuner = _TUNERS[0]

    def greet(self) -> None:
        """Read who answers; FrontEndError when it is no rtl_tcp."""
        magic, tuner, _gains = _GREETING.unpack(self._receive(_GREETING.size))
        if magic != _MAGIC:
            msg = f"{self._name}: answers {magic!r}, which no rtl_tcp does"
            raise FrontEndError(msg)
        self.tuner = _TUNERS[tuner] if tuner < len(_TUNERS) else _TUNERS[0]

    def tune(self, settings: RtlTcpSettings) -> None:
        """Send rate, frequency, correction and gain."""
        gain_db = settings.gain_db
        commands = [
            (Command.RATE_HZ, round(self.facts.rate_hz)),
            (Command.CORRECTION_PPM, settings.frequency_correction_ppm),
            (Command.FREQUENCY_HZ, round(self.facts.center_hz)),
            (Command.MANUAL_GAIN, int(gain_db is not None)),
        ]
        if gain_db is not None:
            commands.append((Command.GAIN_TENTH_DB, round(10 * gain_db)))
        try:
            for command, value in commands:
                self._connection.sendall(_COMMAND.pack(command, value & 0xFFFF_FFFF))
        except OSError as error:
            msg = f"{self._name}: {error.strerror or error}"
            raise FrontEndError(msg) from error

    def settle(self, settling_s: float) -> None:
        """Throw away what comes in the next `settling_s`."""
        until_at = time.monotonic() + settling_s
        while time.monotonic() < until_at:
            self._receive(2 * _BLOCK_SAMPLES)

    def blocks(self) -> Iterator[IqBlock]:
        """Yield blocks until the connection breaks or nothing comes for 2 s: FrontEndError."""
        clock = SampleClock(self.facts.rate_hz, time.monotonic())
        while True:
            raw = self._receive(_BLOCK_SAMPLES * _FORMAT.bytes_per_sample)
            placed = clock.receive(_BLOCK_SAMPLES, time.monotonic())
            yield IqBlock(
                _FORMAT.read(raw), placed.first_sample, placed.lost_before, placed.captured_at
            )

    def _receive(self, count: int) -> bytes:
        """Exactly `count` bytes; a trickle that takes longer than the limit is a stall as well."""
        buffer = bytearray(count)
        view = memoryview(buffer)
        until_at = time.monotonic() + SILENCE_S
        while view:
            self._connection.settimeout(max(until_at - time.monotonic(), 0.001))
            try:
                received = self._connection.recv_into(view)
            except TimeoutError:
                msg = f"{self._name}: no samples for {SILENCE_S:g} s"
                raise FrontEndError(msg) from None
            except OSError as error:
                msg = f"{self._name}: {error.strerror or error}"
                raise FrontEndError(msg) from error
            if received == 0:
                msg = f"{self._name}: closed by the server"
                raise FrontEndError(msg)
            view = view[received:]
        return bytes(buffer)
