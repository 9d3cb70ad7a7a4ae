"""Ed25519: the key that signs this endpoint's checkpoints, and the check of anybody's signature.

libsodium through PyNaCl costs the daemon 1 MB of memory, much of it shared with other processes; OpenSSL is not loaded.
"""

from __future__ import annotations

import base64
import hashlib
import os
import re
import stat
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple, Self

from agent.runtime.error import RollcallError

KEY_FILE = "journal.key"
"""Name of the private key in the state folder."""
CREDENTIAL = "rollcall.journal-key"
"""Name of the systemd credential that takes its place."""

_PRIVATE = bytes.fromhex("302e020100300506032b657004220420")
_PUBLIC = bytes.fromhex("302a300506032b6570032100")
"""What stands before the 32 bytes of an Ed25519 key in PKCS #8 and SubjectPublicKeyInfo (RFC 8410)."""
_ARMOUR = re.compile(r"-----(BEGIN|END) [A-Z ]+-----")


class SigningKeyError(RollcallError):
    """The private key cannot be used; the text says why."""


class PublicKey(NamedTuple):
    """The 32 bytes of an Ed25519 public key."""

    raw: bytes

    @classmethod
    def parse(cls, text: str) -> Self:
        """From PEM, as `openssl pkey -pubout` writes it, or the base64 of a checkpoint. Raises `ValueError`."""
        raw = b""
        with suppress(ValueError):
            raw = base64.b64decode("".join(_ARMOUR.sub("", text).split()), validate=True).removeprefix(_PUBLIC)
        if len(raw) != 32:
            raise ValueError("not an Ed25519 public key")
        return cls(raw)

    @property
    def id(self) -> str:
        """Short enough to be read out: the first 16 hex digits of the key's SHA-256."""
        return hashlib.sha256(self.raw).hexdigest()[:16]

    @property
    def text(self) -> str:
        return base64.b64encode(self.raw).decode()

    @property
    def der(self) -> bytes:
        """As SubjectPublicKeyInfo."""
        return _PUBLIC + self.raw

    @property
    def pem(self) -> str:
        return _pem("PUBLIC KEY", self.der)

    def verifies(self, message: bytes, signature: str) -> bool:
        """Whether this key made the signature, given as base64, of the message."""
        from nacl.bindings import crypto_sign_open
        from nacl.exceptions import CryptoError

        try:
            crypto_sign_open(base64.b64decode(signature, validate=True) + message, self.raw)
        except (CryptoError, ValueError, TypeError):
            return False
        return True


class SigningKey:
    """The private key of this endpoint's journal."""

    def __init__(self, seed: bytes) -> None:
        from nacl.bindings import crypto_sign_seed_keypair

        public, self._secret = crypto_sign_seed_keypair(seed)
        self._seed = seed
        self.public = PublicKey(public)

    @property
    def pem(self) -> str:
        """As PKCS #8: for a file of mode 0600 and nothing else."""
        return _pem("PRIVATE KEY", _PRIVATE + self._seed)

    def sign(self, message: bytes) -> str:
        """The signature as base64."""
        from nacl.bindings import crypto_sign

        return base64.b64encode(crypto_sign(message, self._secret)[:64]).decode()


def make_key(path: Path) -> SigningKey:
    """A new key, durable in a new file of mode 0600. Raises `OSError`, also where there is a file already."""
    key = SigningKey(os.urandom(32))
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(key.pem)
        file.flush()
        os.fsync(file.fileno())
    return key


def read_key(path: Path) -> SigningKey:
    """Raises `FileNotFoundError`, and `SigningKeyError` for a link or whatever holds no key."""
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    except FileNotFoundError:
        raise
    except OSError as error:
        raise SigningKeyError(f"{path}: {error.strerror}") from None
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise SigningKeyError(f"{path}: not a file")
        text = file.read(1024).decode("ascii", "replace")
    try:
        der = base64.b64decode("".join(_ARMOUR.sub("", text).split()), validate=True)
    except ValueError:
        der = b""
    if not der.startswith(_PRIVATE) or len(der) != len(_PRIVATE) + 32:
        raise SigningKeyError(f"{path}: not an Ed25519 private key")
    return SigningKey(der[-32:])


def is_exposed(path: Path) -> bool:
    """Whether others than its owner may read or replace the file, or it belongs to neither us nor root."""
    if not hasattr(os, "geteuid"):
        return False
    found = path.stat()
    return bool(found.st_mode & 0o077) or found.st_uid not in (0, os.geteuid())


def _pem(label: str, der: bytes) -> str:
    return f"-----BEGIN {label}-----\n{base64.b64encode(der).decode()}\n-----END {label}-----\n"
