"""Public keys that a target must have, beyond what the authorities vouch for."""

from __future__ import annotations

import base64
import hashlib

from agent.delivery.http.der import parts_of_certificate
from agent.runtime.error import RollcallError


class PinError(RollcallError):
    """The target has another key; nothing was sent to it."""

    def __init__(self) -> None:
        super().__init__("its public key is none of the pinned ones")


def check_pin(certificate: bytes | None, pins: tuple[str, ...]) -> None:
    """Raises `PinError` where the key of this certificate, in DER, is none of `pins`."""
    if pins and (certificate is None or pin_of(certificate) not in pins):
        raise PinError


def pin_of(certificate: bytes) -> str:
    """`sha256/` and the base64 of its SubjectPublicKeyInfo's hash. Raises `PinError` for what is no certificate."""
    try:
        *_, key = parts_of_certificate(certificate)
    except IndexError:
        raise PinError from None
    return f"sha256/{base64.b64encode(hashlib.sha256(key).digest()).decode()}"
