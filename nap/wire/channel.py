"""The bytes between an MQTT client and its socket: read in large pieces, written together.

paho reads a packet byte by byte at its front and writes each packet alone, which costs a system
call and a TLS record for each. It is also willing to take packets of 256 MB.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
from typing import Final

READ_BYTES: Final = 64 * 1024
# Beyond this, packets stay with paho until the socket has taken some.
UNSENT_BYTES: Final = 64 * 1024

_LATER: Final = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


class OversizeError(OSError):
    """The peer announced a packet larger than agreed."""


class Channel:
    """A non-blocking socket as paho wants it.

    Attributes:
        starved: True when the last read found nothing more to read.
        fault: The error that ended the socket; None while it works or after an orderly end.
    """

    def __init__(self, sock: socket.socket, largest_packet_bytes: int) -> None:
        self._sock = sock
        self._largest_packet_bytes = largest_packet_bytes
        self._inbox = b""
        self._taken = 0
        self._outbox = bytearray()
        self.starved = False
        self.fault: OSError | None = None
        self._unwritable: OSError | None = None

    @property
    def writable(self) -> bool:
        """False once writing has failed; what is left to read tells why."""
        return self._unwritable is None

    def recv(self, buffer_size: int) -> bytes:
        """Up to `buffer_size` bytes; b"" at the end of the stream.

        Raises:
            BlockingIOError: nothing is there now.
            OSError: the socket failed; `fault` keeps it.
        """
        # paho asks for exactly what is left of a packet, so a large request is a large packet.
        if buffer_size > self._largest_packet_bytes:
            self.fault = OversizeError(f"a packet of {buffer_size} bytes")
            raise self.fault
        if self._taken >= len(self._inbox):
            self._inbox = self._read()
            self._taken = 0
        piece = self._inbox[self._taken : self._taken + buffer_size]
        self._taken += len(piece)
        return piece

    def send(self, buffer: bytes | bytearray) -> int:
        """Take all of `buffer` for the next `flush`.

        Raises:
            BlockingIOError: too much waits already.
        """
        if len(self._outbox) >= UNSENT_BYTES:
            raise BlockingIOError
        self._outbox += buffer
        return len(buffer)

    def flush(self) -> bool:
        """Write what waits; True when nothing is left. A failure shows at the next `recv`."""
        try:
            while self._outbox and self.fault is None:
                del self._outbox[: self._sock.send(self._outbox)]
        except _LATER:
            return False
        except OSError as error:
            # What came in before may tell the reason, as an alert or a DISCONNECT: read it first.
            self._unwritable = error
            self._outbox.clear()
        return True

    def close(self) -> None:
        """Send the last words if they fit, and close."""
        self.flush()
        with contextlib.suppress(OSError):
            self._sock.close()

    def fileno(self) -> int:
        """The descriptor, for the event loop."""
        return self._sock.fileno()

    def setblocking(self, flag: bool) -> None:  # noqa: FBT001 - the signature is paho's
        """Pass on to the socket."""
        self._sock.setblocking(flag)

    def _read(self) -> bytes:
        if self.fault is not None:
            raise self.fault
        try:
            return self._sock.recv(READ_BYTES)
        except _LATER as error:
            self.starved = True
            if self._unwritable is not None:
                self.fault = self._unwritable
                raise self.fault from error
            raise BlockingIOError from error
        except OSError as error:
            self.fault = error
            raise
