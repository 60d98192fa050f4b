"""Opening a connection, with or without TLS, and telling in plain words why it failed.

Nothing here blocks the event loop: names are looked up and files read in threads, connecting
and the handshake wait for the socket.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import ssl
from collections.abc import AsyncGenerator
from datetime import UTC, datetime
from typing import Final, TypeVar

from cryptography import x509

from nap.wire.errors import Cause, LinkError
from nap.wire.names import addresses
from nap.wire.tls_verdicts import TlsFiles, explain, quote_own, untrusted, unusable

# Of several addresses of a host (IPv6 and IPv4), a dead one must not use up the whole time.
ADDRESS_TIMEOUT_S: Final = 5.0

AnySocket = TypeVar("AnySocket", bound=socket.socket)


async def open_socket(host: str, port: int, files: TlsFiles | None) -> tuple[socket.socket, str]:
    """Connect to `host`; do the TLS handshake when `files` are given.

    Returns:
        A ready socket that does not block, and a line that quotes our own certificate.

    Raises:
        LinkError: with the cause.
    """
    if files is None:
        return await _connect(host, port), ""
    context = await asyncio.to_thread(client_context, files)
    own_certificate = await asyncio.to_thread(quote_own, files)
    try:
        return await _secure(await _connect(host, port), context, host), own_certificate
    except ssl.SSLCertVerificationError as error:
        shown = await shown_certificate(host, port)
        raise untrusted(error, f"{host}:{port}", shown, datetime.now(UTC)) from error
    except OSError as error:
        raise explain(error, own_certificate) from error


def client_context(files: TlsFiles) -> ssl.SSLContext:
    """TLS 1.2 or better with the peer verified; blocks for reading the files.

    Raises:
        LinkError: a file is absent, damaged, or key and certificate do not belong together.
    """
    try:
        context = ssl.create_default_context(cafile=files.authority_path)
    except (OSError, ValueError) as error:
        raise unusable(files.authority_path, error) from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if files.certificate_path is not None:
        try:
            # An empty password, or OpenSSL would ask for one on the terminal.
            context.load_cert_chain(files.certificate_path, files.key_path, password=b"")
        except (OSError, ValueError) as error:
            pair = f"{files.certificate_path} with {files.key_path}"
            raise unusable(pair, error) from error
    return context


async def shown_certificate(host: str, port: int) -> x509.Certificate | None:
    """The certificate that a server shows, unverified; only to tell its dates after a refusal."""
    # A failed handshake does not tell the dates; ask once more, without trust or any data.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with contextlib.suppress(LinkError, OSError, ValueError):
        secured = await _secure(await _connect(host, port), context, host)
        with secured:
            shown = secured.getpeercert(binary_form=True)
        return x509.load_der_x509_certificate(shown) if shown else None
    return None


async def _connect(host: str, port: int) -> socket.socket:
    loop = asyncio.get_running_loop()
    found = await addresses(host, port)
    failures: list[str] = []
    for family, kind, protocol, _, address in found:
        try:
            async with _closing_on_error(socket.socket(family, kind, protocol)) as sock:
                sock.settimeout(0)
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                async with asyncio.timeout(ADDRESS_TIMEOUT_S):
                    await loop.sock_connect(sock, address)
                return sock
        except OSError as error:
            reason = os.strerror(error.errno) if error.errno else "no answer"
            failures.append(f"{address[0]}: {reason}")
    raise LinkError(Cause.UNREACHABLE, f"{host}:{port} cannot be reached ({'; '.join(failures)})")


async def _secure(sock: socket.socket, context: ssl.SSLContext, host: str) -> ssl.SSLSocket:
    async with _closing_on_error(sock):
        secured = context.wrap_socket(sock, do_handshake_on_connect=False, server_hostname=host)
    async with _closing_on_error(secured):
        while True:
            try:
                secured.do_handshake()
            except ssl.SSLWantReadError:
                await _ready(secured, for_writing=False)
            except ssl.SSLWantWriteError:
                await _ready(secured, for_writing=True)
            else:
                return secured


@contextlib.asynccontextmanager
async def _closing_on_error(sock: AnySocket) -> AsyncGenerator[AnySocket]:
    try:
        yield sock
    except BaseException:
        sock.close()
        raise


async def _ready(sock: socket.socket, *, for_writing: bool) -> None:
    loop = asyncio.get_running_loop()
    ready: asyncio.Future[None] = loop.create_future()
    add, remove = (
        (loop.add_writer, loop.remove_writer)
        if for_writing
        else (loop.add_reader, loop.remove_reader)
    )
    add(sock, _resolve, ready)
    try:
        await ready
    finally:
        remove(sock)


def _resolve(ready: asyncio.Future[None]) -> None:
    if not ready.done():
        ready.set_result(None)
