"""`nap-cloud init` makes files that the real broker starts with."""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
import sys
from pathlib import Path

import pytest

from tests.parts.mosquitto import Broker, free_port

NAP_CLOUD = Path(sys.executable).with_name("nap-cloud")


def nap_cloud(*words: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([NAP_CLOUD, *words], capture_output=True, text=True, check=False)


def test_the_files_of_init_start_the_broker_and_its_certificate_is_trusted(tmp_path: Path) -> None:
    port, service_port = free_port(), free_port()
    folder = tmp_path / "site"
    done = nap_cloud("init", folder, "--port", str(port), "--service-port", str(service_port))
    assert done.returncode == 0, done.stderr
    issued = nap_cloud("station", "certificate", "NAP-0001", "--dir", folder)
    station = Path(issued.stdout.strip())
    assert sorted(p.name for p in station.iterdir()) == ["ca.crt", "client.crt", "client.key"]
    program = shutil.which("mosquitto") or "/usr/sbin/mosquitto"
    with subprocess.Popen(
        [program, "-c", folder / "broker" / "mosquitto.conf"], stderr=subprocess.PIPE
    ) as mosquitto:
        try:
            Broker.wait_for(port, mosquitto)
            context = ssl.create_default_context(cafile=station / "ca.crt")
            context.load_cert_chain(station / "client.crt", station / "client.key")
            with (
                socket.create_connection(("127.0.0.1", port)) as plain,
                context.wrap_socket(plain, server_hostname="localhost") as secured,
            ):
                version = secured.version()
        finally:
            mosquitto.kill()
    assert version == "TLSv1.3"


def test_init_again_keeps_the_authority_and_renews_the_rest(tmp_path: Path) -> None:
    assert nap_cloud("init", tmp_path).returncode == 0
    files = ["ca/ca.crt", "broker/server.crt", "cloud/client.crt"]
    before = [(tmp_path / name).read_bytes() for name in files]
    assert nap_cloud("init", tmp_path).returncode == 0
    after = [(tmp_path / name).read_bytes() for name in files]
    assert [old == new for old, new in zip(before, after, strict=True)] == [True, False, False]


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["init", "/proc/none"], "/proc/none"),
        (["init", "{tmp}/a b"], "without blanks"),
        (["init", "{tmp}/x", "--host", "not a host"], "neither a host name nor an IP address"),
        (["station", "certificate", "N1", "--dir", "{tmp}/none"], "ca.crt: No such file"),
        (["station", "certificate", "a/b", "--dir", "{tmp}"], "ca.crt"),
    ],
)
def test_what_cannot_be_done_is_told_in_one_line(
    tmp_path: Path, words: list[str], complaint: str
) -> None:
    done = nap_cloud(*(word.format(tmp=tmp_path) for word in words))
    assert done.returncode == 1
    assert complaint in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_wrong_port_is_wrong_usage(tmp_path: Path) -> None:
    assert nap_cloud("init", tmp_path, "--port", "65536").returncode == 2
