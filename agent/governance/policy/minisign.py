"""Signatures as minisign makes them: Ed25519 over a file or its BLAKE2b hash, and over a comment of the signer.

The format is described at https://jedisct1.github.io/minisign/.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import blake2b

from agent.runtime.error import RollcallError

_COMMENT = "trusted comment: "
_TIMESTAMP = re.compile(r"(?:^|\t)timestamp:(\d{1,11})(?:\t|$)")


class SignatureError(RollcallError):
    """The signature does not vouch for the data; the text says why and quotes neither."""


@dataclass(frozen=True, slots=True)
class PublicKey:
    """Who may sign."""

    id: bytes
    key: bytes

    @classmethod
    def parse(cls, text: str) -> PublicKey:
        """From the 56 characters that `minisign -G` prints. Raises `SignatureError`."""
        raw = _decoded(text, 42, "the public key")
        if raw[:2] != b"Ed":
            raise SignatureError("the public key is none of minisign's")
        return cls(raw[2:10], raw[10:])

    @property
    def name(self) -> str:
        """The key id as minisign prints it."""
        return self.id[::-1].hex().upper().lstrip("0")


@dataclass(frozen=True, slots=True)
class Signature:
    """What a `.minisig` file says."""

    hashed: bool
    key_id: bytes
    signature: bytes
    comment: str
    comment_signature: bytes

    @classmethod
    def parse(cls, text: str) -> Signature:
        """Raises `SignatureError`."""
        lines = [line.rstrip("\r") for line in text.split("\n")]
        if len(lines) < 4 or not lines[2].startswith(_COMMENT):
            raise SignatureError("the signature file is none of minisign's")
        raw = _decoded(lines[1], 74, "the signature")
        if raw[:2] not in (b"Ed", b"ED"):
            raise SignatureError("the signature is of an unknown kind")
        comment = lines[2].removeprefix(_COMMENT)
        return cls(raw[:2] == b"ED", raw[2:10], raw[10:], comment, _decoded(lines[3], 64, "the comment's signature"))

    @property
    def signed_at(self) -> int:
        """The time the signer put into the trusted comment, in seconds since 1970. Raises `SignatureError`."""
        found = _TIMESTAMP.search(self.comment)
        if found is None:
            raise SignatureError("the trusted comment of the signature names no timestamp")
        return int(found[1])


def verify(data: bytes, signature: Signature, keys: Iterable[PublicKey]) -> PublicKey:
    """The key that signed both the data and the trusted comment. Raises `SignatureError`."""
    key = next((key for key in keys if key.id == signature.key_id), None)
    if key is None:
        raise SignatureError("signed with another key than those of policy.public_key")
    signed = blake2b(data, digest_size=64).digest() if signature.hashed else data
    _check(key, signed, signature.signature, "the signature is not of this text")
    _check(
        key,
        signature.signature + signature.comment.encode(),
        signature.comment_signature,
        "the trusted comment of the signature was changed",
    )
    return key


def _check(key: PublicKey, signed: bytes, signature: bytes, otherwise: str) -> None:
    # 4 MB that only the process which verifies should hold.
    from nacl.exceptions import BadSignatureError
    from nacl.signing import VerifyKey

    try:
        VerifyKey(key.key).verify(signed, signature)
    except BadSignatureError:
        raise SignatureError(otherwise) from None


def _decoded(text: str, length: int, what: str) -> bytes:
    try:
        raw = base64.b64decode(text.strip(), validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    if len(raw) != length:
        raise SignatureError(f"{what} is not as minisign writes it")
    return raw
