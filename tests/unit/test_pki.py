"""The authority: what it certifies, what it refuses, and what its files survive."""

from __future__ import annotations

import ipaddress
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID
from cryptography.x509.verification import PolicyBuilder, Store

from cloud.pki import Authority, Credential, PkiError
from cloud.private_file import PrivateFileError, write_private

NOW = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority.create("Test authority", NOW)


def leaf(credential: Credential) -> x509.Certificate:
    return x509.load_pem_x509_certificate(credential.certificate_pem)


def test_a_strict_verifier_accepts_the_server_under_each_of_its_names(authority: Authority) -> None:
    certificate = leaf(authority.issue_server(["broker.example", "192.0.2.7", "::1"], NOW))
    verifier = PolicyBuilder().store(Store([authority.certificate])).time(NOW)
    verifier.build_server_verifier(x509.DNSName("broker.example")).verify(certificate, [])
    for address in ("192.0.2.7", "::1"):
        name = x509.IPAddress(ipaddress.ip_address(address))
        verifier.build_server_verifier(name).verify(certificate, [])


def test_a_station_certificate_carries_its_id_and_is_no_server(authority: Authority) -> None:
    certificate = leaf(authority.issue_station("NAP-0001", NOW))
    [name] = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    assert name.value == "NAP-0001"
    certificate.verify_directly_issued_by(authority.certificate)
    usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(usage) == [x509.oid.ExtendedKeyUsageOID.CLIENT_AUTH]


@pytest.mark.parametrize("nap_id", ["", "service.cloud", "a/b", "+", "#", "a b", "x" * 33, "né"])
def test_a_station_cannot_take_a_name_that_reaches_beyond_its_topics(
    authority: Authority, nap_id: str
) -> None:
    with pytest.raises(PkiError, match="NAP id"):
        authority.issue_station(nap_id, NOW)


@pytest.mark.parametrize("host", ["", "a b", "-x", "a..b", "*", "a/b"])
def test_a_host_that_is_none_is_refused_by_name(authority: Authority, host: str) -> None:
    with pytest.raises(PkiError, match="neither a host name nor an IP address"):
        authority.issue_server([host], NOW)


def test_no_certificate_outlives_its_authority(authority: Authority) -> None:
    late = authority.certificate.not_valid_after_utc - timedelta(days=5)
    certificate = leaf(authority.issue_station("N1", late))
    assert certificate.not_valid_after_utc == authority.certificate.not_valid_after_utc


def test_files_are_the_owners_only_and_give_the_same_authority_back(
    authority: Authority, tmp_path: Path
) -> None:
    authority.write(tmp_path / "ca")
    assert Authority.load(tmp_path / "ca").certificate == authority.certificate
    for path in (tmp_path / "ca").iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert {path.name for path in (tmp_path / "ca").iterdir()} == {"ca.crt", "ca.key"}


@pytest.mark.parametrize("name", ["ca.crt", "ca.key"])
@pytest.mark.parametrize(
    "content", [None, b"", b"\x00" * 100, b"-----BEGIN CERTIFICATE-----\nAAAA"]
)
def test_a_damaged_authority_is_refused_with_the_files_name(
    authority: Authority, tmp_path: Path, name: str, content: bytes | None
) -> None:
    authority.write(tmp_path)
    if content is None:
        (tmp_path / name).unlink()
    else:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(PkiError, match=name):
        Authority.load(tmp_path)


def test_the_key_of_another_authority_is_noticed(authority: Authority, tmp_path: Path) -> None:
    authority.write(tmp_path)
    Authority.create("Other", NOW).write(tmp_path / "other")
    (tmp_path / "ca.key").write_bytes((tmp_path / "other" / "ca.key").read_bytes())
    with pytest.raises(PkiError, match="not the key of"):
        Authority.load(tmp_path)


def test_an_unwritable_place_is_named_and_leaves_no_half_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(PrivateFileError, match="file/x"):
        write_private(tmp_path / "file" / "x", b"secret")
    (tmp_path / "folder").mkdir()
    with pytest.raises(PrivateFileError, match="folder"):
        write_private(tmp_path / "folder", b"secret")
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []
