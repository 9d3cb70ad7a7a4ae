"""The certificate that a receiver gives this endpoint with its credential: asked for, checked, and renewed in time."""

from __future__ import annotations

import time
from base64 import b64decode
from datetime import UTC, datetime
from pathlib import Path

from agent.delivery.http.der import BIT_STRING, INTEGER, SEQUENCE, SET, UTF8_STRING, content, end, parts_of_certificate
from agent.delivery.http.der import value as der
from agent.journal.signing import SigningKey

_COMMON_NAME = bytes.fromhex("0603550403")
_ED25519 = bytes.fromhex("300506032b6570")
_NO_ATTRIBUTES = b"\xa0\x00"
_UTC_TIME = 0x17
_RENEWED = 2 / 3
"""Part of its time after which another is asked for."""


def certificate_file(folder: Path, target: str) -> Path:
    """Where certificate and key for a target lie in the state folder: one file, so that they always fit."""
    return folder / f"certificate-{target}.pem"


def signing_request(key: SigningKey, name: str) -> str:
    """A PKCS #10 request, as PEM, for a certificate of this name."""
    import ssl  # OpenSSL is some 5 MB, and a process that only waits for something to send needs none

    subject = der(SEQUENCE, der(SET, der(SEQUENCE, _COMMON_NAME, der(UTF8_STRING, name.encode()))))
    wanted = der(SEQUENCE, der(INTEGER, b"\0"), subject, key.public.der, _NO_ATTRIBUTES)
    signature = der(BIT_STRING, b"\0", b64decode(key.sign(wanted)))
    text = ssl.DER_cert_to_PEM_cert(der(SEQUENCE, wanted, _ED25519, signature))
    return text.replace("CERTIFICATE", "CERTIFICATE REQUEST")


def is_of(certificate: str, key: SigningKey) -> bool:
    """Whether the first certificate of a PEM text is of this key."""
    try:
        *_, found = parts_of_certificate(_first(certificate))
    except (IndexError, ValueError):
        return False
    return found == key.public.der


def is_ageing(path: Path, now: float | None = None) -> bool:
    """Whether the certificate in a file has used up most of its time; a file that is missing has none."""
    try:
        _, _, _, validity, _, _ = parts_of_certificate(_first(path.read_text("ascii")))
        times = content(validity, 0)
        since, until = _moment(times, 0), _moment(times, end(times, 0))
    except (OSError, IndexError, ValueError):
        return False
    return (time.time() if now is None else now) >= since + (until - since) * _RENEWED


def _first(pem: str) -> bytes:
    import ssl

    begin, finish = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"
    return ssl.PEM_cert_to_DER_cert(begin + pem.partition(begin)[2].partition(finish)[0] + finish)


def _moment(times: bytes, at: int) -> float:
    text = content(times, at).decode("ascii")
    if times[at] == _UTC_TIME:
        text = ("20" if text < "5" else "19") + text
    return datetime.strptime(text, "%Y%m%d%H%M%SZ").replace(tzinfo=UTC).timestamp()
