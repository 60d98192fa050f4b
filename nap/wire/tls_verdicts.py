"""What the failures of TLS mean, in words that tell which certificate and which date.

Pure but for reading our own certificate once more to quote its dates.
"""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from cryptography import x509

from nap.wire.errors import Cause, LinkError

# Fragments of OpenSSL's names of the alerts that the peer sent (RFC 8446 section 6.2).
_ALERTS: Final = (
    ("ALERT_CERTIFICATE_EXPIRED", Cause.CERTIFICATE_EXPIRED, "finds our certificate expired"),
    ("ALERT_UNKNOWN_CA", Cause.CERTIFICATE_UNKNOWN_AUTHORITY, "does not know our authority"),
    ("ALERT_CERTIFICATE_REVOKED", Cause.CERTIFICATE_REFUSED, "says our certificate is revoked"),
    ("CERTIFICATE_REQUIRED", Cause.CERTIFICATE_REFUSED, "wants a client certificate"),
    ("ALERT_BAD_CERTIFICATE", Cause.CERTIFICATE_REFUSED, "does not accept our certificate"),
    ("ALERT_CERTIFICATE_UNKNOWN", Cause.CERTIFICATE_REFUSED, "does not accept our certificate"),
    ("ALERT_UNSUPPORTED_CERTIFICATE", Cause.CERTIFICATE_REFUSED, "cannot use our certificate"),
    ("ALERT_ACCESS_DENIED", Cause.CERTIFICATE_REFUSED, "denies us access"),
)
_ABOUT_OURS: Final = {
    Cause.CERTIFICATE_EXPIRED,
    Cause.CERTIFICATE_REFUSED,
    Cause.CERTIFICATE_UNKNOWN_AUTHORITY,
}

# OpenSSL's X509_V_ERR_… numbers.
_VERDICTS: Final = {
    9: Cause.CERTIFICATE_NOT_YET_VALID,
    10: Cause.CERTIFICATE_EXPIRED,
    18: Cause.CERTIFICATE_UNKNOWN_AUTHORITY,
    19: Cause.CERTIFICATE_UNKNOWN_AUTHORITY,
    20: Cause.CERTIFICATE_UNKNOWN_AUTHORITY,
    21: Cause.CERTIFICATE_UNKNOWN_AUTHORITY,
    62: Cause.CERTIFICATE_WRONG_NAME,
    64: Cause.CERTIFICATE_WRONG_NAME,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsFiles:
    """What our side brings to TLS.

    Attributes:
        authority_path: PEM of the authorities to trust; None means those of the system.
        certificate_path: PEM of our own certificate; None when the peer wants none.
        key_path: PEM of the key to it.
    """

    authority_path: Path | None = None
    certificate_path: Path | None = None
    key_path: Path | None = None

    @classmethod
    def in_folder(cls, folder: Path) -> TlsFiles:
        """The three files as `nap-cloud station certificate` names them."""
        return cls(
            authority_path=folder / "ca.crt",
            certificate_path=folder / "client.crt",
            key_path=folder / "client.key",
        )


def explain(error: OSError, own_certificate: str) -> LinkError:
    """Translate what a connected socket failed with, quoting our own certificate if it is that."""
    if isinstance(error, ssl.SSLError):
        reason = (error.reason or "").upper()
        for part, cause, words in _ALERTS:
            if part in reason:
                own = f" ({own_certificate})" if own_certificate and cause in _ABOUT_OURS else ""
                return LinkError(cause, f"the peer {words}{own}")
        return LinkError(Cause.TLS, f"TLS failed: {error.reason or error}; does the peer speak it?")
    return LinkError(Cause.CLOSED, f"connection lost: {error.strerror or error}")


def untrusted(
    error: ssl.SSLCertVerificationError,
    peer: str,
    shown: x509.Certificate | None,
    now_utc: datetime,
) -> LinkError:
    """Translate the refusal of the certificate that `peer` has `shown` us."""
    cause = _VERDICTS.get(error.verify_code, Cause.TLS)
    text = f"the certificate of {peer} is not accepted: {error.verify_message}"
    if shown is not None:
        text += f"; {_validity(shown)}"
    if cause is Cause.CERTIFICATE_NOT_YET_VALID:
        text += f"; our clock says {_day(now_utc)}, is it right?"
    return LinkError(cause, text)


def unusable(what: object, error: Exception) -> LinkError:
    """Translate what reading our own files failed with."""
    reason = error.strerror if isinstance(error, OSError) else str(error)
    if isinstance(error, ssl.SSLError):
        reason = f"damaged, or not belonging together ({error.reason})"
    return LinkError(Cause.CERTIFICATE_FILES, f"{what}: {reason or error}")


def quote_own(files: TlsFiles) -> str:
    """Path and dates of our own certificate, "" when we have none; blocks for reading it."""
    if files.certificate_path is None:
        return ""
    try:
        certificate = x509.load_pem_x509_certificate(files.certificate_path.read_bytes())
    except (OSError, ValueError):
        return str(files.certificate_path)
    return f"{files.certificate_path}, {_validity(certificate)}"


def _validity(certificate: x509.Certificate) -> str:
    since, until = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    return f"valid from {_day(since)} until {_day(until)}"


def _day(instant: datetime) -> str:
    return instant.strftime("%Y-%m-%d %H:%M UTC")
