"""The HTTP side of a running nap-cloud."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.parts.mosquitto import Broker
from tests.servers.nap_cloud import NapCloud
from tests.servers.station import Station


@pytest.fixture
def program(tmp_path: Path, broker: Broker) -> Iterator[NapCloud]:
    program = NapCloud(tmp_path, broker, f"sqlite:///{tmp_path}/cloud.db")
    program.start()
    yield program
    program.kill()


def deliver(broker: Broker, numbers: range) -> None:
    station = Station(broker, "NAP-1")
    for number in numbers:
        station.put_uplink(number)
    asyncio.run(station.deliver())


def events(lines: Iterator[str], wanted: str, count: int) -> list[tuple[int, dict[str, object]]]:
    """The next `count` events of one kind: (id, data)."""
    found: list[tuple[int, dict[str, object]]] = []
    number = kind = None
    for line in lines:
        name, _, value = line.partition(": ")
        if name == "id":
            number = int(value)
        elif name == "event":
            kind = value
        elif name == "data" and kind == wanted:
            found.append((number or 0, json.loads(value)))
            if len(found) == count:
                return found
    pytest.fail("the stream ended")


def test_pages_and_errors_of_the_api(broker: Broker, program: NapCloud) -> None:
    deliver(broker, range(1, 31))
    first = program.get("/api/messages?limit=20")
    second = program.get(f"/api/messages?limit=20&cursor={first['next']}")
    ids = [message["id"] for page in (first, second) for message in page["messages"]]
    assert (sorted(ids), second["next"]) == (list(range(1, 31)), None)
    assert len(program.get("/api/messages?device=00000007")["messages"]) == 1
    assert program.get("/api/messages?before=2020-01-01T00:00:00Z")["messages"] == []
    for path, status, parameter in [
        ("/api/messages?limit=0", 400, "limit"),
        ("/api/messages?limit=501", 400, "limit"),
        ("/api/messages?cursor=1-x", 400, "cursor"),
        ("/api/messages?device=xyz", 400, "device"),
        ("/api/messages?since=yesterday", 400, "since"),
        ("/api/messages/999", 404, None),
        ("/api/nothing", 404, None),
    ]:
        answer = httpx.get(program.base_url + path)
        assert answer.headers["content-type"] == "application/problem+json"
        problem = answer.json()
        assert (answer.status_code, problem["status"]) == (status, status), path
        assert parameter is None or parameter in problem["parameters"], problem


def test_the_live_stream_tells_everything_once_and_resumes(
    broker: Broker, program: NapCloud
) -> None:
    deliver(broker, range(1, 4))
    url = program.base_url + "/api/live"
    with httpx.stream("GET", url, params={"after": 1}) as stream:
        lines = stream.iter_lines()
        assert [number for number, _ in events(lines, "message", 2)] == [2, 3]
        deliver(broker, range(4, 6))
        assert [number for number, _ in events(lines, "message", 2)] == [4, 5]
    with httpx.stream("GET", url, params={"after": 1}, headers={"Last-Event-ID": "3"}) as stream:
        resumed = events(stream.iter_lines(), "message", 2)
        assert [data["payload"] for _, data in resumed] == ["00000004", "00000005"]
    with httpx.stream("GET", url, headers={"Last-Event-ID": "999"}) as stream:
        assert events(stream.iter_lines(), "gap", 1)[0][0] == 5


def test_whoever_is_far_behind_is_told_to_read_the_list(broker: Broker, program: NapCloud) -> None:
    deliver(broker, range(1, 701))
    with httpx.stream("GET", program.base_url + "/api/live?after=1") as stream:
        lines = stream.iter_lines()
        assert events(lines, "gap", 1)[0][0] == 700
        deliver(broker, range(701, 702))
        assert events(lines, "message", 1)[0][0] == 701


def test_streams_that_take_nothing_or_go_away_leave_nothing_behind(
    broker: Broker, program: NapCloud
) -> None:
    """A client with a full receive buffer must not make the server hold its events."""
    address = ("127.0.0.1", program.port)
    silent = [socket.create_connection(address) for _ in range(5)]
    for sock in silent:
        sock.sendall(b"GET /api/live HTTP/1.1\r\nHost: localhost\r\n\r\n")
    _until_live_pages(program, 5)
    for sock in silent[:4]:
        sock.close()
    _until_live_pages(program, 1)
    deliver(broker, range(1, 3))
    silent[4].close()
    _until_live_pages(program, 0)
    assert program.health() == 200


def test_only_known_names_are_answered_and_every_answer_is_guarded(program: NapCloud) -> None:
    for path in ("/", "/docs", "/static/live.js", "/api/summary", "/nothing"):
        answer = httpx.get(program.base_url + path)
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
    for host in ("evil.example", "evil.example:8080", "", "localhost.evil.example"):
        answer = httpx.get(program.base_url + "/api/messages", headers={"host": host})
        assert answer.status_code in {400, 421}
    assert httpx.get(program.base_url + "/", headers={"host": "LOCALHOST:1"}).status_code == 200


def test_pages_load_nothing_from_elsewhere(program: NapCloud) -> None:
    for name in ("/", "/docs", "/static/live.js", "/static/docs.js", "/static/style.css"):
        text = httpx.get(program.base_url + name).text.replace("http://www.w3.org/2000/svg", "")
        assert "://" not in text, name
    first = httpx.get(program.base_url + "/static/live.js")
    tag = {"if-none-match": first.headers["etag"]}
    assert httpx.get(program.base_url + "/static/live.js", headers=tag).status_code == 304


def test_the_description_is_openapi_3_1_and_names_every_route(program: NapCloud) -> None:
    described = program.get("/openapi.json")
    assert described["openapi"].startswith("3.1")
    assert {"/api/messages", "/api/messages/{message_id}", "/api/stations", "/api/live"} <= set(
        described["paths"]
    )
    for path, verbs in described["paths"].items():
        if path.startswith("/api/") and path != "/api/live":
            schema = verbs["get"]["responses"]["400"]["content"]["application/problem+json"]
            assert schema["schema"]["$ref"].endswith("/Problem")


def test_figures_for_prometheus(broker: Broker, program: NapCloud) -> None:
    deliver(broker, range(1, 11))
    assert program.metric("records_total") == 10
    assert program.metric("messages_total") == 10
    assert program.metric("storing") == 1
    text = httpx.get(program.base_url + "/metrics").text
    for line in text.splitlines():
        assert line.startswith(("# HELP nap_cloud_", "# TYPE nap_cloud_", "nap_cloud_")), line


def _until_live_pages(program: NapCloud, count: int) -> None:
    deadline = time.monotonic() + 15
    while program.metric("live_pages") != count:
        assert time.monotonic() < deadline, program.metric("live_pages")
        time.sleep(0.05)
