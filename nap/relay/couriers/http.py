"""To any web server: POST of JSON; a message has arrived with an answer of 2xx."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Final

import aiohttp
from yarl import URL

from nap.relay.config import HttpDestination
from nap.relay.couriers.http_answers import Answer, judge, retry_after_s
from nap.relay.couriers.secret import read_secret
from nap.relay.ports import BusyError, Outcomes, Refused
from nap.spool.ports import Record
from nap.wire.errors import Cause, LinkError
from nap.wire.tls import client_context, shown_certificate
from nap.wire.tls_verdicts import TlsFiles, explain, quote_own, untrusted

# Enough of an error page to tell what is wrong.
QUOTED_BYTES: Final = 200
# Read here, at import: it reads files, which must not happen on the event loop.
USER_AGENT: Final = f"open-nap/{version('open-nap')}"


class HttpCourier:
    """Fits `nap.relay.ports.Courier`."""

    kind: Final = "http"

    def __init__(self, destination: HttpDestination, nap_id: str) -> None:
        self._destination = destination
        self._nap_id = nap_id

    @property
    def address(self) -> str:
        """The URL without its query, which may hold a secret."""
        return str(URL(self._destination.url).with_query(None))

    @asynccontextmanager
    async def session(self, epoch: str, wake: asyncio.Event) -> AsyncGenerator[HttpSession]:
        """See Courier; nothing is sent before the first record."""
        del epoch  # it is in every body
        failure: LinkError | None = None
        async with await self._client() as client, asyncio.TaskGroup() as group:
            session = HttpSession(self._destination, self._nap_id, client, wake)
            workers = [group.create_task(session.work()) for _ in range(self._destination.requests)]
            try:
                yield session
            except LinkError as error:
                # Out of the group as it is, not wrapped in a group of exceptions.
                failure = error
            finally:
                for worker in workers:
                    worker.cancel()
        if failure is not None:
            raise failure

    async def _client(self) -> aiohttp.ClientSession:
        destination = self._destination
        headers = {
            "Content-Type": "application/json",
            "User-Agent": USER_AGENT,
        }
        if destination.bearer_path is not None:
            headers["Authorization"] = f"Bearer {await read_secret(destination.bearer_path)}"
        context: ssl.SSLContext | bool = True
        if destination.url.startswith("https:"):
            context = await asyncio.to_thread(client_context, _files(destination))
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(ssl=context, limit=destination.requests),
            headers=headers,
            timeout=aiohttp.ClientTimeout(total=destination.timeout_s),
            cookie_jar=aiohttp.DummyCookieJar(),
        )


class HttpSession:
    """Fits `nap.relay.ports.Session`: a few workers that each have one request under way."""

    def __init__(
        self,
        destination: HttpDestination,
        nap_id: str,
        client: aiohttp.ClientSession,
        wake: asyncio.Event,
    ) -> None:
        self._destination = destination
        self._prefix = b'{"nap_id":"%b","event":"%%b",' % nap_id.encode()
        self._client = client
        self._wake = wake
        self._waiting: asyncio.Queue[Record] = asyncio.Queue()
        self._outcomes = Outcomes()
        self._failure: LinkError | None = None
        self._working = False

    @property
    def capacity(self) -> int:
        """As many as all requests hold, and as many again so that none waits for the next."""
        return 2 * self._destination.requests * self._destination.batch

    @property
    def working(self) -> bool:
        """True once the server has taken something."""
        return self._working

    def send(self, record: Record) -> None:
        """See Session."""
        self._waiting.put_nowait(record)

    def take_outcomes(self) -> Outcomes:
        """See Session."""
        taken, self._outcomes = self._outcomes, Outcomes()
        if self._failure is not None:
            if taken == Outcomes():
                raise self._failure
            # What other requests achieved counts first; come back for the failure.
            self._wake.set()
        return taken

    async def work(self) -> None:
        """Post what waits until cancelled, or until the server takes nothing any more."""
        while self._failure is None:
            records = [await self._waiting.get()]
            with contextlib.suppress(asyncio.QueueEmpty):
                while len(records) < self._destination.batch:
                    records.append(self._waiting.get_nowait())
            try:
                await self._deliver(records)
            except LinkError as error:
                self._failure = error
            self._wake.set()

    async def _deliver(self, records: Sequence[Record]) -> None:
        status, text, pause_s = await self._post(self._body(records))
        match judge(status):
            case Answer.TAKEN:
                self._working = True
                self._outcomes.delivered += [(r.number, r.number) for r in records]
            case Answer.LATER:
                raise BusyError(Cause.BUSY, f"the server answers {text}", pause_s)
            case Answer.MISCONFIGURED:
                raise LinkError(Cause.REFUSED, f"the server takes nothing: {text}")
            case Answer.WRONG if len(records) == 1:
                self._outcomes.refused.append(Refused(records[0].number, text))
            case Answer.WRONG:
                # Halves find the wrong ones among many in few requests; the others get through.
                middle = len(records) // 2
                await self._deliver(records[:middle])
                await self._deliver(records[middle:])

    def _body(self, records: Sequence[Record]) -> bytes:
        objects = [
            self._prefix % record.kind.value.encode() + record.body[1:] for record in records
        ]
        return objects[0] if self._destination.batch == 1 else b"[%b]" % b",".join(objects)

    async def _post(self, body: bytes) -> tuple[int, str, float]:
        url = self._destination.url
        try:
            async with self._client.post(url, data=body, allow_redirects=False) as response:
                status = response.status
                text = f"{status} {response.reason}"
                if judge(status) is not Answer.TAKEN:
                    text += _quote(await response.content.read(QUOTED_BYTES))
                asked = response.headers.get("Retry-After")
                return status, text, retry_after_s(asked, datetime.now(UTC))
        except TimeoutError as error:
            text = f"no answer in {self._destination.timeout_s:g} s"
            raise LinkError(Cause.TIMEOUT, text) from error
        except aiohttp.ClientConnectorCertificateError as error:
            raise await self._untrusted(error) from error
        except aiohttp.ClientConnectorDNSError as error:
            raise LinkError(Cause.NAME_UNKNOWN, str(error)) from error
        except aiohttp.ClientConnectorError as error:
            raise LinkError(Cause.UNREACHABLE, str(error)) from error
        except aiohttp.ClientOSError as error:
            raise await self._explain(error) from error
        except aiohttp.ClientError as error:
            raise LinkError(Cause.PROTOCOL, f"{type(error).__name__}: {error}") from error

    async def _untrusted(self, error: aiohttp.ClientConnectorCertificateError) -> LinkError:
        reason = error.certificate_error
        if not isinstance(reason, ssl.SSLCertVerificationError) or error.port is None:
            return LinkError(Cause.TLS, str(error))
        shown = await shown_certificate(error.host, error.port)
        return untrusted(reason, f"{error.host}:{error.port}", shown, datetime.now(UTC))

    async def _explain(self, error: aiohttp.ClientOSError) -> LinkError:
        own = await asyncio.to_thread(quote_own, _files(self._destination))
        inner = error.__cause__ if isinstance(error.__cause__, OSError) else error
        return explain(inner, own)


def _files(destination: HttpDestination) -> TlsFiles:
    return TlsFiles(
        authority_path=destination.authority_path,
        certificate_path=destination.certificate_path,
        key_path=destination.key_path,
    )


def _quote(body: bytes) -> str:
    text = " ".join(body.decode(errors="replace").split())
    return f": {''.join(c for c in text if c.isprintable())}" if text else ""
