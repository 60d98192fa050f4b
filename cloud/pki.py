"""The cloud's own certificate authority: who is a station, who is a service, who is the broker.

The common name of a client certificate is its user name at the broker and decides its topics.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from cloud.private_file import PrivateFileError, write_private
from nap.wire.topics import NAP_ID

CA_LIFETIME: Final = timedelta(days=3650)
# Clients of the WebPKI refuse server certificates beyond 398 days; nothing is gained by more.
SERVER_LIFETIME: Final = timedelta(days=397)
# A box may lie on a shelf for a year and must still get in when it is plugged in.
CLIENT_LIFETIME: Final = timedelta(days=730)
# A station whose clock is a few hours behind must not find the certificate "not yet valid".
BACKDATED: Final = timedelta(days=1)
# The full stop is not part of a NAP id: no station certificate can ever carry a service's name.
SERVICE_NAME: Final = re.compile(r"service\.[a-z]{1,24}")


class PkiError(Exception):
    """A name that cannot be certified, or files of the authority that cannot be used."""


@dataclass(frozen=True, slots=True)
class Credential:
    """A certificate with its private key, both PEM, and the authority that vouches for it."""

    certificate_pem: bytes
    key_pem: bytes
    authority_pem: bytes

    def write(self, folder: Path, stem: str) -> None:
        """Write STEM.crt, STEM.key and ca.crt into `folder`, readable by the owner only.

        Raises:
            PkiError: the folder cannot be written.
        """
        try:
            write_private(folder / f"{stem}.key", self.key_pem)
            write_private(folder / f"{stem}.crt", self.certificate_pem)
            write_private(folder / "ca.crt", self.authority_pem)
        except PrivateFileError as error:
            raise PkiError(str(error)) from error


@dataclass(frozen=True, slots=True)
class Authority:
    """The certificate and key that sign all others."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @classmethod
    def create(cls, name: str, now_utc: datetime) -> Self:
        """Make a new authority called `name`, valid from about `now_utc`."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = _common_name(name)
        builder = _builder(subject, subject, key.public_key(), now_utc, now_utc + CA_LIFETIME)
        builder = builder.add_extension(
            x509.BasicConstraints(ca=True, path_length=0), critical=True
        ).add_extension(_key_usage(signs_certificates=True), critical=True)
        return cls(builder.sign(key, hashes.SHA256()), key)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read ca.crt and ca.key.

        Raises:
            PkiError: a file is absent, unreadable, damaged, or the two do not belong together.
        """
        certificate_path, key_path = folder / "ca.crt", folder / "ca.key"
        try:
            certificate = x509.load_pem_x509_certificate(certificate_path.read_bytes())
        except (OSError, ValueError) as error:
            msg = f"{certificate_path}: {_reason(error)}"
            raise PkiError(msg) from error
        try:
            key = serialization.load_pem_private_key(key_path.read_bytes(), password=None)
        except (OSError, ValueError, TypeError) as error:
            msg = f"{key_path}: {_reason(error)}"
            raise PkiError(msg) from error
        if (
            not isinstance(key, ec.EllipticCurvePrivateKey)
            or key.public_key() != certificate.public_key()
        ):
            msg = f"{key_path}: not the key of {certificate_path}"
            raise PkiError(msg)
        return cls(certificate, key)

    def write(self, folder: Path) -> None:
        """Write ca.crt and ca.key into `folder`, readable by the owner only."""
        Credential(self.certificate_pem, _key_pem(self.key), self.certificate_pem).write(
            folder, "ca"
        )

    @property
    def certificate_pem(self) -> bytes:
        """The certificate that others need to trust this authority."""
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    def issue_server(self, hosts: Sequence[str], now_utc: datetime) -> Credential:
        """Certify a server that clients reach under `hosts` (names or addresses).

        Raises:
            PkiError: no host is given, or one is neither a name nor an address.
        """
        if not hosts:
            raise PkiError("a server certificate needs at least one host name or address")
        names = x509.SubjectAlternativeName([_alternative_name(host) for host in hosts])
        return self._issue(hosts[0], now_utc, SERVER_LIFETIME, names)

    def issue_station(self, nap_id: str, now_utc: datetime) -> Credential:
        """Certify a NAP; its id becomes its user name at the broker.

        Raises:
            PkiError: `nap_id` is not one.
        """
        if not NAP_ID.fullmatch(nap_id):
            msg = f"NAP id {nap_id!r}: 1 to 32 letters, digits or '-' are needed"
            raise PkiError(msg)
        return self._issue(nap_id, now_utc, CLIENT_LIFETIME, None)

    def issue_service(self, name: str, now_utc: datetime) -> Credential:
        """Certify a program of the cloud, such as service.cloud.

        Raises:
            PkiError: `name` is not one of a service.
        """
        if not SERVICE_NAME.fullmatch(name):
            msg = f"service name {name!r}: 'service.' and 1 to 24 letters a-z are needed"
            raise PkiError(msg)
        return self._issue(name, now_utc, CLIENT_LIFETIME, None)

    def _issue(
        self,
        name: str,
        now_utc: datetime,
        lifetime: timedelta,
        alternative_names: x509.SubjectAlternativeName | None,
    ) -> Credential:
        key = ec.generate_private_key(ec.SECP256R1())
        # A leaf that outlives its authority fails in the field with a misleading message.
        until = min(now_utc + lifetime, self.certificate.not_valid_after_utc)
        subject, issuer = _common_name(name[:64]), self.certificate.subject
        role = (
            ExtendedKeyUsageOID.SERVER_AUTH
            if alternative_names is not None
            else ExtendedKeyUsageOID.CLIENT_AUTH
        )
        builder = (
            _builder(subject, issuer, key.public_key(), now_utc, until)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_key_usage(signs_certificates=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([role]), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()),
                critical=False,
            )
        )
        if alternative_names is not None:
            builder = builder.add_extension(alternative_names, critical=False)
        certificate = builder.sign(self.key, hashes.SHA256())
        pem = certificate.public_bytes(serialization.Encoding.PEM)
        return Credential(pem, _key_pem(key), self.certificate_pem)


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    public_key: ec.EllipticCurvePublicKey,
    now_utc: datetime,
    until_utc: datetime,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now_utc - BACKDATED)
        .not_valid_after(until_utc)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
    )


def _key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _common_name(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _alternative_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        pass
    if not re.fullmatch(r"(?!-)[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})*", host):
        msg = f"host {host!r}: neither a host name nor an IP address"
        raise PkiError(msg)
    return x509.DNSName(host)


def _key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def _reason(error: Exception) -> str:
    if isinstance(error, OSError):
        return error.strerror or str(error)
    return "damaged, or not PEM"
