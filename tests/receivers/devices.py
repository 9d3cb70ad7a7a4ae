"""Which devices a receiver has enrolled, and which credential is whose."""

from __future__ import annotations

import hashlib
import json
import secrets
import sqlite3
import threading
from base64 import b64decode
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import rfc8785
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from nacl.exceptions import BadSignatureError
from nacl.signing import VerifyKey

if __package__:
    from tests.receivers.rollcall_store import Rejected, Store
else:
    from rollcall_store import Rejected, Store

_SCHEMA = """
CREATE TABLE IF NOT EXISTS devices (device TEXT PRIMARY KEY, endpoint_id TEXT NOT NULL, token BLOB);
CREATE TABLE IF NOT EXISTS device_keys (
    device TEXT, public_key TEXT, current INTEGER, PRIMARY KEY (device, public_key)
);
"""


class Devices:
    """Beside the store, in the same file. Of a token only the hash is kept."""

    def __init__(self, path: str, store: Store, authority: str | None = None) -> None:
        """`authority` is a PEM file of a certificate and its key: with it, devices get certificates of their own."""
        self._store, self._authority = store, authority
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=10)
        self._db.executescript(_SCHEMA)
        self._turn = threading.Lock()

    def enroll(self, body: bytes) -> dict[str, str]:
        """A credential for whoever can sign with the key of its journal. Raises `Rejected`."""
        asked = _signed(body)
        token = secrets.token_urlsafe(32)
        with self._turn, self._db:
            self._db.execute("BEGIN IMMEDIATE")
            device = self._device_for(asked)
            row = (device, asked["endpoint_id"], _digest(token))
            self._db.execute("INSERT OR REPLACE INTO devices VALUES (?, ?, ?)", row)
            self._db.execute("UPDATE device_keys SET current = 0 WHERE device = ?", (device,))
            self._db.execute("INSERT OR REPLACE INTO device_keys VALUES (?, ?, 1)", (device, asked["public_key"]))
        given = {"certificate": _issued(self._authority, asked["csr"], device)} if self._authority else {}
        return {"device": device, "token": token, **given}

    def device_of(self, token: str) -> str | None:
        with self._turn:
            row = self._db.execute("SELECT device FROM devices WHERE token = ?", (_digest(token),)).fetchone()
        return row[0] if row else None

    def revoke(self, device: str) -> None:
        """Its credential is in more than one hand: whoever goes on with what is held here gets a new one for it."""
        with self._turn:
            self._db.execute("UPDATE devices SET token = NULL WHERE device = ?", (device,))

    def _device_for(self, asked: dict[str, Any]) -> str:
        endpoint_id = asked["endpoint_id"]
        query = (
            "SELECT device, current FROM devices JOIN device_keys USING (device) "
            "WHERE endpoint_id = ? AND public_key = ? ORDER BY device"
        )
        for device, current in self._db.execute(query, (endpoint_id, asked["public_key"])).fetchall():
            # A key that another took the place of, and that is still alive, is that of a second machine.
            chain = asked["chain"] if device == endpoint_id else f"{asked['chain']}@{device}"
            if current and self._store.holds(chain, asked["head_seq"], bytes.fromhex(asked["head_hash"])):
                return str(device)
        query = "SELECT count(*) FROM devices WHERE endpoint_id = ?"
        (count,) = self._db.execute(query, (endpoint_id,)).fetchone()
        query = "SELECT 1 FROM device_keys JOIN devices USING (device) WHERE endpoint_id = ? AND public_key = ?"
        is_clone = self._db.execute(query, (endpoint_id, asked["public_key"])).fetchone()
        # An unknown key is that of a machine that was set up anew: it stays the device that it was.
        return f"{endpoint_id}:{count}" if is_clone else str(endpoint_id)


def _signed(body: bytes) -> dict[str, Any]:
    try:
        asked: dict[str, Any] = json.loads(body)
        signature = b64decode(asked.pop("signature"))
        VerifyKey(b64decode(asked["public_key"])).verify(rfc8785.dumps(asked), signature)
        bytes.fromhex(asked["head_hash"])
        if asked["schema"] != "rollcall-enroll/1" or not isinstance(asked["head_seq"], int):
            raise ValueError
    except (ValueError, KeyError, TypeError, BadSignatureError):
        raise Rejected(400, error="malformed") from None
    return asked


def _issued(authority: str, csr: str, device: str) -> str:
    """A certificate for whoever has the key of the request, for thirty days."""
    pem = Path(authority).read_bytes()
    issuer = x509.load_pem_x509_certificate(pem)
    key = serialization.load_pem_private_key(pem, None)
    request = x509.load_pem_x509_csr(csr.encode())
    if not request.is_signature_valid:
        raise Rejected(400, error="csr")
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, device)]))
        .issuer_name(issuer.subject)
        .public_key(request.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + timedelta(days=30))
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
        .sign(key, hashes.SHA256())  # type: ignore[arg-type]
    )
    return made.public_bytes(serialization.Encoding.PEM).decode()


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
