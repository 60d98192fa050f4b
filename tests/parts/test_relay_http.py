"""The relay to a web server: what each answer does to the records."""

from __future__ import annotations

import asyncio
import ssl
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cloud.pki import Authority
from nap.relay.config import HttpDestination, Pace
from tests.simulators.relaying import put, running, settled, spool_for, status_when
from tests.simulators.web_server import Reply, WebServer


def to_web(server: WebServer, scheme: str = "http", **others: object) -> HttpDestination:
    return HttpDestination(
        url=f"{scheme}://127.0.0.1:{server.port}/in",
        pace=Pace(drain_per_s=1e6),
        **others,  # type: ignore[arg-type]
    )


@pytest.mark.parametrize("batch", [1, 25])
async def test_everything_put_is_posted_with_its_address(tmp_path: Path, batch: int) -> None:
    server = WebServer()
    async with server.listening(), spool_for(tmp_path, "http") as spool:
        numbers = await put(spool, 100)
        async with running(spool, tmp_path, [to_web(server, batch=batch)]):
            await settled(spool, "http")
        first = next(record for record in server.taken if record["number"] == numbers[0])
        assert first == {
            "nap_id": "N1",
            "event": "uplink",
            "epoch": spool.epoch,
            "number": numbers[0],
        }
    assert sorted(record["number"] for record in server.taken) == numbers
    assert server.single == (batch == 1)
    assert max(server.requests) == batch


async def test_a_wrong_record_is_set_aside_and_the_rest_of_its_batch_gets_through(
    tmp_path: Path,
) -> None:
    def dislike_seven(records: list[dict[str, object]]) -> Reply:
        wrong = any(record["number"] == 7 for record in records)
        return (422, {}, "seven is <wrong>\n") if wrong else (200, {}, "")

    server = WebServer(dislike_seven)
    async with server.listening(), spool_for(tmp_path, "http") as spool:
        await put(spool, 20)
        async with running(spool, tmp_path, [to_web(server, batch=20)]) as [relay]:
            await settled(spool, "http")
            status = await relay.status()
    assert sorted(record["number"] for record in server.taken) == [*range(1, 7), *range(8, 21)]
    assert (status.counters.delivered, status.counters.refused) == (19, 1)
    assert status.last_refusal == "422 Unprocessable Entity: seven is <wrong>"
    assert '"number": 7' in (tmp_path / "refused" / "http.jsonl").read_text()


@pytest.mark.parametrize(
    ("reply", "cause", "words"),
    [
        ((500, {}, "oops"), "busy", "500 Internal Server Error: oops"),
        ((429, {}, ""), "busy", "429"),
        ((408, {}, ""), "busy", "408"),
        ((401, {}, "token?"), "refused", "401 Unauthorized: token?"),
        ((403, {}, ""), "refused", "403"),
        ((404, {}, ""), "refused", "404"),
        ((302, {"Location": "https://elsewhere.invalid/"}, ""), "refused", "302"),
    ],
)
async def test_what_is_not_the_records_fault_never_loses_one(
    tmp_path: Path, reply: Reply, cause: str, words: str
) -> None:
    broken = True
    server = WebServer(lambda _records: reply if broken else (200, {}, ""))
    async with server.listening(), spool_for(tmp_path, "http") as spool:
        numbers = await put(spool, 5)
        async with running(spool, tmp_path, [to_web(server)]) as [relay]:
            status = await status_when(relay, lambda s: s.counters.failures > 1)
            assert not status.connected
            assert status.last_failure.cause == cause
            assert words in status.last_failure.text
            assert status.waiting == 5
            broken = False
            await settled(spool, "http")
            assert (await relay.status()).connected
    assert sorted({record["number"] for record in server.taken}) == numbers


async def test_retry_after_is_honoured(tmp_path: Path) -> None:
    asked = iter([(503, {"Retry-After": "1"}, "")])
    server = WebServer(lambda _records: next(asked, (200, {}, "")))
    async with server.listening(), spool_for(tmp_path, "http") as spool:
        await put(spool, 1)
        async with running(spool, tmp_path, [to_web(server)]) as [relay]:
            status = await status_when(relay, lambda s: s.last_failure is not None)
            assert 0.5 < status.next_attempt_in_s < 1.1
            await settled(spool, "http")
    assert server.requests == [1, 1]


async def test_a_server_that_dies_and_comes_back_gets_everything(tmp_path: Path) -> None:
    server = WebServer()
    async with spool_for(tmp_path, "http") as spool:
        async with server.listening():
            destination = to_web(server)
            async with running(spool, tmp_path, [destination]):
                numbers = await put(spool, 10)
                await settled(spool, "http")
        async with running(spool, tmp_path, [destination]) as [relay]:
            numbers += await put(spool, 10)
            status = await status_when(relay, lambda s: s.last_failure is not None)
            assert status.last_failure.cause == "unreachable"
            async with server.listening():
                await settled(spool, "http")
    assert sorted({record["number"] for record in server.taken}) == numbers


async def test_a_server_that_never_answers_is_given_up_in_time(tmp_path: Path) -> None:
    async def mute(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(3)
        writer.close()

    listener = await asyncio.start_server(mute, "127.0.0.1", 0)
    server = WebServer(port=listener.sockets[0].getsockname()[1])
    async with spool_for(tmp_path, "http") as spool:
        await put(spool, 1)
        async with running(spool, tmp_path, [to_web(server, timeout_s=1.0)]) as [relay]:
            status = await status_when(relay, lambda s: s.last_failure is not None)
            assert status.last_failure.cause == "timeout"
    listener.close()
    await asyncio.sleep(2.5)


async def test_the_token_goes_with_each_request_and_a_missing_one_is_told(tmp_path: Path) -> None:
    server, token = WebServer(), tmp_path / "token"
    async with server.listening(), spool_for(tmp_path, "http") as spool:
        await put(spool, 1)
        destination = to_web(server, bearer_path=token)
        async with running(spool, tmp_path, [destination]) as [relay]:
            status = await status_when(relay, lambda s: s.last_failure is not None)
            assert status.last_failure.cause == "credential.file"
            assert str(token) in status.last_failure.text
            token.write_text("s3cret\n")
            await settled(spool, "http")
    assert server.headers["Authorization"] == "Bearer s3cret"


@pytest.mark.parametrize(
    ("certified_utc", "cause", "words"),
    [
        (datetime(2020, 5, 17, tzinfo=UTC), "certificate.expired", "until 2021-06-18"),
        (datetime.now(UTC), "certificate.unknown_authority", "not accepted"),
    ],
)
async def test_an_untrusted_server_is_told_with_cause_and_date(
    tmp_path: Path, certified_utc: datetime, cause: str, words: str
) -> None:
    authority = Authority.create("Test", datetime.now(UTC))
    authority.issue_server(["127.0.0.1"], certified_utc).write(tmp_path / "web", "server")
    trusted = tmp_path / "web" / "ca.crt"
    if cause == "certificate.unknown_authority":
        Authority.create("Other", datetime.now(UTC)).write(tmp_path / "other")
        trusted = tmp_path / "other" / "ca.crt"
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(tmp_path / "web" / "server.crt", tmp_path / "web" / "server.key")
    server = WebServer()
    async with server.listening(tls), spool_for(tmp_path, "http") as spool:
        await put(spool, 1)
        destination = to_web(server, "https", authority_path=trusted)
        async with running(spool, tmp_path, [destination]) as [relay]:
            status = await status_when(relay, lambda s: s.last_failure is not None)
    assert status.last_failure.cause == cause
    assert words in status.last_failure.text
