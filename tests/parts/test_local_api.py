"""The local API and the commands that use it, against a real gateway process."""

from __future__ import annotations

import asyncio
import io
import json
import stat
import sys
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest
from aiohttp import ClientError, ClientSession, UnixConnector

from tests.parts.gateway import Gateway, configuration, gateway, real_gateway

NAP = Path(sys.executable).with_name("nap")


@pytest.fixture
async def box(tmp_path: Path) -> AsyncIterator[Gateway]:
    """A gateway that has heard forty messages and delivers nowhere."""
    async with gateway(configuration(tmp_path), "open", "stats", "0", "frames", "1", "40") as box:
        async with asyncio.timeout(20):
            heard = 0
            while heard < 40:
                await asyncio.sleep(0.05)
                with suppress(ClientError):
                    heard = (await box.status()).balance.heard
        yield box


async def ask(
    box: Gateway, method: str, path: str, body: bytes = b""
) -> tuple[int, dict[str, object]]:
    async with (
        ClientSession(connector=UnixConnector(str(box.socket))) as session,
        session.request(method, f"http://nap{path}", data=io.BytesIO(body)) as response,
    ):
        return response.status, json.loads(await response.read())


async def nap(
    box_or_folder: Gateway | Path, *words: str, said: bytes = b""
) -> tuple[int, str, str]:
    folder = box_or_folder if isinstance(box_or_folder, Path) else box_or_folder.socket.parents[1]
    process = await asyncio.create_subprocess_exec(
        NAP, *words, "--config", folder / "nap.toml",
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, err = await process.communicate(said)
    return process.returncode or 0, out.decode(), err.decode()


async def test_status_for_people_and_for_programs(box: Gateway) -> None:
    code, page, _ = await nap(box, "status")
    assert code == 0
    assert "receiving, RC1, script (simulated), load 0.10, noise -120.0 dBFS/Hz" in page
    assert "40 heard = 40 waiting" in page
    assert "unreachable" in page
    assert "\x1b" not in page
    code, text, _ = await nap(box, "status", "--json")
    status = json.loads(text)
    assert code == 0
    assert status["spool"]["durable"] is True
    assert status["balance"]["destinations"]["http"]["unaccounted"] == 0
    assert status["spool"]["hours_left"] > 0


async def test_commands_say_when_no_gateway_runs(tmp_path: Path) -> None:
    configuration(tmp_path)
    code, out, err = await nap(tmp_path, "status")
    assert (code, out) == (1, "")
    assert "nap is not running" in err


async def test_a_change_on_the_command_line_drops_the_next_stranger(box: Gateway) -> None:
    assert (await nap(box, "whitelist", "add", "00000001", "0000000*"))[0] == 0
    assert (await nap(box, "whitelist", "add", "--deny", "3"))[0] == 0
    code, out, _ = await nap(box, "whitelist", "mode", "enforce")
    assert (code, out) == (0, "mode enforce, 2 allowed, 1 denied\n")
    assert (await box.status()).whitelist.mode == "enforce"
    code, out, _ = await nap(box, "whitelist", "show")
    assert out == "# mode enforce\n00000001\n0000000*\n# denied\n00000003\n"
    code, out, _ = await nap(box, "whitelist", "dry-run", "--json")
    loss = json.loads(out)
    assert loss["lost_devices"] == 40 - 14  # 1 to f are listed, 3 of them is denied
    assert "00000003" in loss["devices"]


async def test_wrong_entries_are_refused_with_the_reason(box: Gateway) -> None:
    code, _, err = await nap(box, "whitelist", "add", "kitchen")
    assert code == 1
    assert "'kitchen' is not an id" in err
    code, _, err = await nap(box, "whitelist", "remove", "5")
    assert code == 1
    assert "00000005 is not an entry" in err
    assert (await box.status()).whitelist.allow == 0


async def test_importing_a_file_names_the_wrong_line_or_takes_all(
    box: Gateway, tmp_path: Path
) -> None:
    listed = tmp_path / "list.csv"
    listed.write_text("name,device\na,00000001\nb,cellar\n")
    code, _, err = await nap(box, "whitelist", "import", str(listed))
    assert code == 1
    assert f"{listed}:3: 'cellar' is not an id" in err
    listed.write_text("name,device\na,00000001\nb,00000002\n")
    code, out, _ = await nap(box, "whitelist", "import", str(listed))
    assert (code, out) == (0, "mode off, 2 allowed, 0 denied\n")
    code, out, _ = await nap(box, "whitelist", "import", "--replace", "-", said=b"00000009\n")
    assert (code, out) == (0, "mode off, 1 allowed, 0 denied\n")
    code, out, _ = await nap(box, "whitelist", "dry-run", str(listed))
    assert "lost: 38 messages of 38 devices" in out
    assert (await nap(box, "whitelist", "import", "/no/such"))[2] == (
        "nap: /no/such: No such file or directory\n"
    )


async def test_without_a_gateway_the_list_is_changed_in_its_file(tmp_path: Path) -> None:
    configuration(tmp_path)
    (tmp_path / "state").mkdir()
    assert (await nap(tmp_path, "whitelist", "add", "01*"))[:2] == (
        0,
        "mode off, 1 allowed, 0 denied\n",
    )
    code, out, _ = await nap(tmp_path, "whitelist", "dry-run")
    assert (code, out.splitlines()[-1]) == (0, "lost: 0 messages of 0 devices")
    async with gateway(tmp_path / "nap.toml", "open") as box:
        async with asyncio.timeout(20):
            while True:
                await asyncio.sleep(0.05)
                with suppress(ClientError):
                    assert (await box.status()).whitelist.allow == 1
                    break


async def test_a_hundred_thousand_ids_go_in_and_out(box: Gateway) -> None:
    ids = [f"{device:08x}" for device in range(0x100000, 0x100000 + 100_000)]
    code, out, _ = await nap(box, "whitelist", "import", "-", said="\n".join(ids).encode())
    assert (code, out) == (0, "mode off, 100000 allowed, 0 denied\n")
    _, rules = await ask(box, "GET", "/v1/whitelist")
    assert rules["allow"] == ids


HOSTILE = [
    ("PUT", "/v1/whitelist", b"{", 400, "request.body"),
    ("PUT", "/v1/whitelist", b'{"mode": "maybe"}', 400, "request.body"),
    ("PUT", "/v1/whitelist", b'{"permit": []}', 400, "request.body"),
    ("PUT", "/v1/whitelist", b"\xff\xfe", 400, "request.body"),
    ("PUT", "/v1/whitelist", b'{"allow": ["x"]}', 422, "whitelist.entry"),
    ("PATCH", "/v1/whitelist", b'{"allow_remove": ["1"]}', 409, "whitelist.change"),
    ("PUT", "/v1/whitelist", b" " * (9 * 1024 * 1024), 413, "http.request_entity_too_large"),
    ("POST", "/v1/whitelist/dry-run", b"[" * 100_000, 400, "request.body"),
    ("POST", "/v1/clips", b'{"seconds": -1}', 400, "request.body"),
    ("DELETE", "/v1/whitelist", b"", 405, "http.method_not_allowed"),
    ("GET", "/v2", b"", 404, "http.not_found"),
]


async def test_hostile_requests_get_a_typed_refusal_and_change_nothing(box: Gateway) -> None:
    for method, path, body, status, key in HOSTILE:
        got, problem = await ask(box, method, path, body)
        assert (got, problem["error"]) == (status, key)
        assert problem["message"]
    assert (await ask(box, "GET", "/v1/whitelist"))[1] == {"mode": "off", "allow": [], "deny": []}


async def test_the_description_names_every_path_and_type_that_is_served(box: Gateway) -> None:
    _, document = await ask(box, "GET", "/openapi.json")
    text = json.dumps(document)
    schemas = document["components"]["schemas"]  # type: ignore[index]
    references = {part.split('"')[0] for part in text.split("#/components/schemas/")[1:]}
    assert references <= set(schemas)
    paths: dict[str, dict[str, object]] = document["paths"]  # type: ignore[assignment]
    for path, operations in paths.items():
        for method in operations:
            status, _ = (
                (200, {}) if path == "/metrics" else await ask(box, method.upper(), path, b"{}")
            )
            # A clip of how many seconds must be said.
            assert status == (400 if (method, path) == ("post", "/v1/clips") else 200), path


async def test_metrics_sum_up_to_what_was_heard(box: Gateway) -> None:
    async with (
        ClientSession(connector=UnixConnector(str(box.socket))) as session,
        session.get("http://nap/metrics") as response,
    ):
        lines = (await response.text()).splitlines()
    values = dict(line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
    ends = [float(v) for name, v in values.items() if name.startswith("nap_frames{")]
    assert sum(ends) == float(values["nap_frames_heard_total"]) == 40
    assert values["nap_ledger_adds_up"] == "1"


async def test_only_owner_and_group_reach_the_socket(box: Gateway) -> None:
    mode = await asyncio.to_thread(lambda: box.socket.stat().st_mode)
    assert stat.S_IMODE(mode) == 0o660


async def test_config_show_prints_what_is_in_force_and_check_names_the_place(
    tmp_path: Path,
) -> None:
    path = configuration(tmp_path)
    code, out, _ = await nap(tmp_path, "config", "show")
    assert code == 0
    assert "max_bytes = 64000000" in out
    assert 'nap_id = "nap-1"' in out
    text = path.read_text()
    path.write_text(text + "[spool]\nmax_byte = 1\n")
    code, _, said = await check(path)
    assert code == 1
    assert "spool: unknown key 'max_byte'; did you mean 'max_bytes'?" in said
    path.write_text(text + "[radio.black_box]\nring_bytes = 2_000_000\n")
    code, out, said = await check(path)
    assert (code, out) == (0, f"{path}: good\n")
    assert "set ring_bytes from 2000000 to" in said


async def check(path: Path) -> tuple[int | None, str, str]:
    """Exit code, stdout and stderr of `nap config check`."""
    process = await asyncio.create_subprocess_exec(
        NAP, "config", "check", path, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    out, err = await process.communicate()
    return process.returncode, out.decode(), err.decode()


async def test_clips_are_listed_and_made_on_demand(tmp_path: Path) -> None:
    config = configuration(tmp_path)
    async with real_gateway(config) as box:
        assert (await nap(box, "clips"))[:2] == (0, "no clips\n")
        code, said, _ = await nap(box, "clips", "record", "0.5")
        assert code == 0
        path = Path(said.split()[0])
        assert path.parent == tmp_path / "state" / "clips"
        assert await asyncio.to_thread(path.exists)
        code, listed, _ = await nap(box, "clips", "--json")
        (clip,) = json.loads(listed)["clips"]
        assert (clip["path"], clip["kind"], clip["zones"]) == (str(path), "kept", ["RC1"])
        code, page, _ = await nap(box, "clips")
        assert (code, str(path) in page) == (0, True)
        code, _, complaint = await nap(box, "clips", "record", "-1")
        assert (code, "seconds" in complaint) == (1, True)
        assert (await nap(box, "clips", "record"))[0] == 2
