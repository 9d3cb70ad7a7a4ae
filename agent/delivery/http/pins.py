"""Public keys that a target must have, beyond what the authorities vouch for."""

from __future__ import annotations

import base64
import hashlib

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
        body = _content(_content(certificate, 0), 0)
        at = _end(body, 0) if body[0] == 0xA0 else 0
        for _ in ("serial number", "signature algorithm", "issuer", "validity", "subject"):
            at = _end(body, at)
        digest = hashlib.sha256(body[at : _end(body, at)]).digest()
    except IndexError:
        raise PinError from None
    return f"sha256/{base64.b64encode(digest).decode()}"


def _head(data: bytes, at: int) -> tuple[int, int]:
    """Where the content of the DER value at `at` begins, and how long it is."""
    length = data[at + 1]
    if length < 0x80:
        return at + 2, length
    size = length & 0x7F
    return at + 2 + size, int.from_bytes(data[at + 2 : at + 2 + size], "big")


def _content(data: bytes, at: int) -> bytes:
    start, length = _head(data, at)
    return data[start : start + length]


def _end(data: bytes, at: int) -> int:
    start, length = _head(data, at)
    return start + length
