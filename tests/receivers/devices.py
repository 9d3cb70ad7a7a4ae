"""Which devices a receiver has enrolled, and which credential is whose."""

from __future__ import annotations

import hashlib
import json
import secrets
import sqlite3
import threading
from base64 import b64decode
from typing import Any

import rfc8785
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

    def __init__(self, path: str, store: Store) -> None:
        self._store = store
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
        return {"device": device, "token": token}

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


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
