"""What the trial receiver keeps: every entry once, and the inventory that follows from them. One commit per batch."""

from __future__ import annotations

import hashlib
import json
import threading
from base64 import b64decode, b64encode
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import rfc8785
from nacl.exceptions import BadSignatureError
from nacl.signing import SigningKey, VerifyKey

if __package__:
    from tests.receivers.database import open_database
    from tests.receivers.snapshot_scope import is_unknown, may_replace
else:
    from database import open_database
    from snapshot_scope import is_unknown, may_replace

_SCHEMA = """
CREATE TABLE IF NOT EXISTS chains (
    chain TEXT PRIMARY KEY, endpoint_id TEXT NOT NULL, head_seq INTEGER NOT NULL, head_hash BLOB NOT NULL,
    snapshot_open INTEGER NOT NULL DEFAULT 0, told_digest TEXT, updated_at TEXT, scope TEXT
);
CREATE TABLE IF NOT EXISTS batches (batch_id TEXT PRIMARY KEY, chain TEXT NOT NULL, count INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS holes (chain TEXT NOT NULL, first_seq INTEGER NOT NULL, last_seq INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS entries (chain TEXT, seq INTEGER, body BLOB, hash BLOB, PRIMARY KEY (chain, seq));
CREATE TABLE IF NOT EXISTS inventory (
    endpoint_id TEXT, id TEXT, kind TEXT, record TEXT, chain TEXT, PRIMARY KEY (endpoint_id, id)
);
CREATE TABLE IF NOT EXISTS alarms (chain TEXT, seq INTEGER, what TEXT, PRIMARY KEY (chain, seq, what));
CREATE TABLE IF NOT EXISTS keys (chain TEXT PRIMARY KEY, public_key TEXT, next_public_key TEXT);
CREATE TABLE IF NOT EXISTS staged (
    endpoint_id TEXT, id TEXT, kind TEXT, record TEXT, chain TEXT, PRIMARY KEY (chain, id)
);
"""
SEEN = frozenset({"observed_at", "evidence"})
SEEN_OF = {"connection": frozenset({"first_seen", "last_seen", "count"}), "tool": frozenset({"known_at", "called"})}
"""What says when and how often something was seen, in records of all kinds and of one."""


class Rejected(Exception):
    """The status and the JSON answer for a batch that was not taken."""

    def __init__(self, status: int, **answer: Any) -> None:
        super().__init__(status)
        self.status = status
        self.answer = answer


@dataclass(frozen=True)
class Posted:
    """A batch as it was posted."""

    batch_id: str
    endpoint_id: str
    chain: str
    follows: int
    first_seq: int
    last_seq: int
    prev_hash: bytes
    head_hash: bytes
    lines: list[bytes]
    device: str
    """Whose inventory it changes: the endpoint, or a clone of it."""
    held: str
    """The name that the chain is kept under."""

    @classmethod
    def parse(cls, body: bytes) -> Posted:
        """Raises `Rejected` 400 for a malformed body and 422 for lines that do not hash to the announced head."""
        try:
            head, *lines = body.removesuffix(b"\n").split(b"\n")
            h = json.loads(head)
            prev_hash, head_hash = bytes.fromhex(h["prev_hash"]), bytes.fromhex(h["head_hash"])
            names = ("batch_id", "endpoint_id", "chain", "follows", "first_seq", "last_seq")
            batch = cls(*(h[name] for name in names), prev_hash, head_hash, lines, h["endpoint_id"], h["chain"])
            fits = h["kind"] == "batch" and h["schema"] == "rollcall/1" and h["count"] == len(lines)
            numbers = [json.loads(line)["seq"] for line in lines]
            consecutive = numbers == list(range(batch.first_seq, batch.last_seq + 1)) and batch.follows >= 0
        except (ValueError, KeyError, TypeError) as error:
            raise Rejected(400, error="malformed") from error
        if not fits or not lines or not consecutive:
            raise Rejected(400, error="malformed")
        if batch.hashes()[-1] != head_hash:
            raise Rejected(422, error="hash")
        return batch

    def hashes(self) -> list[bytes]:
        digest, found = self.prev_hash, []
        for line in self.lines:
            digest = hashlib.sha256(digest + line).digest()
            found.append(digest)
        return found


class Store:
    """One database; every method is one transaction and may be called from any thread."""

    def __init__(self, place: str, signing_key: bytes | None = None) -> None:
        """`signing_key` is the seed of an Ed25519 key: with it, receipts are signed."""
        self._key = SigningKey(signing_key) if signing_key else None
        self._db = open_database(place, _SCHEMA)
        self._turn = threading.Lock()

    def accept(self, body: bytes, key: str, device: str | None = None) -> dict[str, Any]:
        """Take one batch, once, from the device that it is of. Returns after the commit. Raises `Rejected`."""
        batch = Posted.parse(body)
        if batch.batch_id != key:
            raise Rejected(400, error="key")
        if device and device.partition(":")[0] != batch.endpoint_id:
            raise Rejected(403, error="batch of another endpoint")
        if device and device != batch.endpoint_id:
            # Of a clone: it has the chain of the machine that it was made from, and goes on with it in its own way.
            batch, key = replace(batch, device=device, held=f"{batch.chain}@{device}"), f"{key}@{device}"
        with self._turn, self._db.transaction():
            if self._db.execute("SELECT 1 FROM batches WHERE batch_id = ?", (key,)).fetchone():
                return {**self._receipt(batch), "duplicate": True}
            head_seq = self._place(batch)
            for seq, line, digest in zip(range(batch.first_seq, 1 << 62), batch.lines, batch.hashes(), strict=False):
                self._keep(batch, seq, line, digest, new=seq > head_seq)
            if batch.last_seq > head_seq:
                self._db.execute(
                    "UPDATE chains SET head_seq = ?, head_hash = ?, updated_at = ? WHERE chain = ?",
                    (batch.last_seq, batch.head_hash, f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S.%f}", batch.held),
                )
            self._db.execute("INSERT INTO batches VALUES (?, ?, ?)", (key, batch.held, len(batch.lines)))
            return self._receipt(batch)

    def holds(self, chain: str, seq: int, digest: bytes) -> bool:
        """Whether an entry of this number and hash may be of the history that is held of a chain."""
        with self._turn:
            row = self._db.execute("SELECT head_seq FROM chains WHERE chain = ?", (chain,)).fetchone()
            known = self._hash_of(chain, seq)
        return row is None or seq > row[0] or known in (None, digest)

    def _receipt(self, batch: Posted) -> dict[str, Any]:
        """What it holds of the chain now, signed where it has a key."""
        query = "SELECT head_seq, head_hash FROM chains WHERE chain = ?"
        seq, digest = self._db.execute(query, (batch.held,)).fetchone()
        statement = {
            "schema": "rollcall-receipt/1", "endpoint_id": batch.endpoint_id, "chain": batch.chain,
            "head_seq": seq, "head_hash": digest.hex(), "at": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
        }  # fmt: skip
        answer = {name: statement[name] for name in ("head_seq", "head_hash", "at")}
        if self._key:
            answer["signature"] = b64encode(self._key.sign(rfc8785.dumps(statement)).signature).decode()
        return {"accepted": len(batch.lines), **answer}

    def _place(self, batch: Posted) -> int:
        """The head of the chain so far, once it is clear that the batch fits to it."""
        start = hashlib.sha256(batch.chain.encode()).digest()
        self._db.execute(
            "INSERT INTO chains (chain, endpoint_id, head_seq, head_hash) VALUES (?, ?, 0, ?) ON CONFLICT DO NOTHING",
            (batch.held, batch.device, start),
        )
        endpoint_id, head_seq, head_hash = self._db.execute(
            "SELECT endpoint_id, head_seq, head_hash FROM chains WHERE chain = ?", (batch.held,)
        ).fetchone()
        if endpoint_id != batch.device:
            raise Rejected(403, error="chain of another endpoint")
        if batch.follows > head_seq:
            raise Rejected(412, error="gap", expected_seq=head_seq + 1)
        if batch.first_seq > head_seq + 1:
            hole = (batch.held, head_seq + 1, batch.first_seq - 1)
            self._db.execute("INSERT INTO holes VALUES (?, ?, ?)", hole)
            self._db.execute("UPDATE chains SET snapshot_open = 0 WHERE chain = ?", (batch.held,))
            return int(head_seq)
        known = start if batch.first_seq == 1 else head_hash if batch.first_seq == head_seq + 1 else None
        if known is None:
            known = self._hash_of(batch.held, batch.first_seq - 1)
        if known is not None and known != batch.prev_hash:
            raise Rejected(412, error="fork")
        return int(head_seq)

    def _check(self, batch: Posted, seq: int, record: dict[str, Any]) -> None:
        """Raise an alarm for a checkpoint that is not what it should be; a person decides what follows."""
        key, signature = record["public_key"], record["signature"]
        unsigned = {name: value for name, value in record.items() if name != "signature"}
        try:
            VerifyKey(b64decode(key)).verify(rfc8785.dumps(unsigned), b64decode(signature))
        except (BadSignatureError, ValueError, TypeError):
            self._alarm(batch.held, seq, "signature")
            return
        query = "SELECT public_key, next_public_key FROM keys WHERE chain = ?"
        known = self._db.execute(query, (batch.held,)).fetchone()
        if known and key not in known:
            self._alarm(batch.held, seq, "key")
        if known is None and seq == 1:
            self._succeed(batch, record)
        row = (batch.held, key, record.get("next_public_key"))
        again = "UPDATE SET public_key = excluded.public_key, next_public_key = excluded.next_public_key"
        self._db.execute(f"INSERT INTO keys VALUES (?, ?, ?) ON CONFLICT (chain) DO {again}", row)

    def _succeed(self, batch: Posted, record: dict[str, Any]) -> None:
        """A new chain of a known endpoint must say which one it follows, and where that ended; so must its key."""
        query = "SELECT chain, head_seq FROM chains WHERE endpoint_id = ? AND chain <> ? ORDER BY updated_at"
        before = self._db.execute(query, (batch.device, batch.held)).fetchall()
        if not before:
            return
        chain, head_seq = before[-1]
        named = record.get("replaces") or {}
        held = self._hash_of(chain, named.get("head_seq") or 0)
        if named.get("chain") != chain or named["head_seq"] < head_seq or (held and held.hex() != named["head_hash"]):
            self._alarm(batch.held, 1, "history")
        key = self._db.execute("SELECT public_key FROM keys WHERE chain = ?", (chain,)).fetchone()
        if key and key[0] != record["public_key"]:
            self._alarm(batch.held, 1, "key")

    def _alarm(self, chain: str, seq: int, what: str) -> None:
        self._db.execute("INSERT INTO alarms VALUES (?, ?, ?) ON CONFLICT DO NOTHING", (chain, seq, what))

    def alarms(self, chain: str) -> list[str]:
        """What is wrong with a chain: `signature`, `key` (changed, and the old one did not sign that) or `history` (it
        does not go on from what is held here)."""
        with self._turn:
            rows = self._db.execute("SELECT what FROM alarms WHERE chain = ? ORDER BY seq, what", (chain,))
            return [what for (what,) in rows]

    def _hash_of(self, chain: str, seq: int) -> bytes | None:
        row = self._db.execute("SELECT hash FROM entries WHERE chain = ? AND seq = ?", (chain, seq)).fetchone()
        return row[0] if row else None

    def _keep(self, batch: Posted, seq: int, line: bytes, digest: bytes, *, new: bool) -> None:
        known = self._hash_of(batch.held, seq)
        if known is not None:
            if known != digest:
                raise Rejected(412, error="fork")
            return
        self._db.execute("INSERT INTO entries VALUES (?, ?, ?, ?)", (batch.held, seq, line, digest))
        entry = json.loads(line)
        if entry["op"] == "checkpoint":
            self._check(batch, seq, entry["record"])
        if not new:
            # An entry that was refused once and is here after all.
            hole = (batch.held, seq, seq)
            self._db.execute("DELETE FROM holes WHERE chain = ? AND first_seq = ? AND last_seq = ?", hole)
        if new:
            self._apply(batch.device, batch.held, entry["op"], entry["record"] or {})

    def _apply(self, endpoint_id: str, chain: str, op: str, record: dict[str, Any]) -> None:
        opened, scope = self._open_snapshot(chain)
        row = (endpoint_id, record.get("id"), record.get("kind"), json.dumps(record), chain)
        match op:
            case "discovered" | "changed" | "removed":
                by = self._told_by(endpoint_id, record.get("id"))
                # Before its first snapshot nobody knows what a chain answers for.
                if by in (None, chain) or (scope and may_replace(scope, record, by, chain)):
                    self._change("inventory", op, row)
                if opened:
                    self._change("staged", op, row)
            case "snapshot_begin":
                self._db.execute("DELETE FROM staged WHERE chain = ?", (chain,))
                told = (json.dumps(record.get("scope")), chain)
                self._db.execute("UPDATE chains SET snapshot_open = 1, scope = ? WHERE chain = ?", told)
            case "snapshot" if opened:
                self._change("staged", op, row)
            case "snapshot_end":
                self._db.execute("UPDATE chains SET snapshot_open = 0 WHERE chain = ?", (chain,))
                if opened and (scope or record.get("status") == "complete"):
                    self._promote(endpoint_id, chain, record.get("scope"))
            case "heartbeat":
                told = (record.get("inventory_digest"), chain)
                self._db.execute("UPDATE chains SET told_digest = ? WHERE chain = ?", told)

    def _open_snapshot(self, chain: str) -> tuple[bool, dict[str, Any] | None]:
        """Whether one is under way, and the scope that the chain told last."""
        opened, scope = self._db.execute("SELECT snapshot_open, scope FROM chains WHERE chain = ?", (chain,)).fetchone()
        return bool(opened), json.loads(scope) if scope else None

    def _told_by(self, endpoint_id: str, id_: str | None) -> str | None:
        """The chain that a current record is from."""
        query = "SELECT chain FROM inventory WHERE endpoint_id = ? AND id = ?"
        row = self._db.execute(query, (endpoint_id, id_)).fetchone()
        return row[0] if row else None

    def _change(self, table: str, op: str, row: tuple[Any, ...]) -> None:
        of, key = ("chain", row[4]) if table == "staged" else ("endpoint_id", row[0])
        self._db.execute(f"DELETE FROM {table} WHERE {of} = ? AND id = ?", (key, row[1]))
        if op != "removed":
            self._db.execute(f"INSERT INTO {table} VALUES (?, ?, ?, ?, ?)", row)

    def _promote(self, endpoint_id: str, chain: str, scope: dict[str, Any] | None) -> None:
        """Put a whole snapshot in the place of what it answers for."""
        query = "SELECT id, kind, record FROM staged WHERE chain = ?"
        staged = {id_: (kind, json.loads(text)) for id_, kind, text in self._db.execute(query, (chain,)).fetchall()}
        query = "SELECT id, record, chain FROM inventory WHERE endpoint_id = ?"
        known = {id_: (json.loads(text), by) for id_, text, by in self._db.execute(query, (endpoint_id,)).fetchall()}
        unseen = {id_ for id_, (record, _) in known.items() if is_unknown(scope, record)}
        for id_, (record, by) in known.items():
            stays = id_ in unseen or record.get("subject_id") in unseen
            if id_ not in staged and not stays and may_replace(scope, record, by, chain):
                self._change("inventory", "removed", (endpoint_id, id_))
        for id_, (kind, record) in staged.items():
            if may_replace(scope, record, known[id_][1] if id_ in known else None, chain):
                self._change("inventory", "snapshot", (endpoint_id, id_, kind, json.dumps(record), chain))

    def inventory(self, kind: str, endpoint_id: str | None = None, owner: str | None = None) -> list[dict[str, Any]]:
        """Current records of one kind, of all endpoints and owners or of one."""
        query = "SELECT record FROM inventory WHERE kind = ? AND endpoint_id = coalesce(?, endpoint_id) ORDER BY 1"
        with self._turn:
            records = [json.loads(row[0]) for row in self._db.execute(query, (kind, endpoint_id))]
        return [record for record in records if owner is None or record.get("owner") == owner]

    def endpoints(self) -> list[dict[str, Any]]:
        """Every chain with its head, its holes, and whether its inventory is the one the endpoint last told of."""
        query = "SELECT chain, endpoint_id, head_seq, head_hash, told_digest, updated_at FROM chains"
        with self._turn:
            rows = self._db.execute(query).fetchall()
            return [self._endpoint(*row) for row in rows]

    def _endpoint(
        self, chain: str, endpoint_id: str, seq: int, head: bytes, told: str | None, at: str
    ) -> dict[str, Any]:
        holes = self._db.execute("SELECT first_seq, last_seq FROM holes WHERE chain = ?", (chain,)).fetchall()
        digest = self._digest(endpoint_id)
        return {
            "endpoint_id": endpoint_id, "chain": chain, "head_seq": seq, "head_hash": head.hex(), "holes": holes,
            "updated_at": at, "digest": digest, "up_to_date": told == digest,
        }  # fmt: skip

    def _digest(self, endpoint_id: str) -> str:
        total = hashlib.sha256()
        query = "SELECT record FROM inventory WHERE endpoint_id = ? ORDER BY id"
        for (text,) in self._db.execute(query, (endpoint_id,)):
            record = json.loads(text)
            seen = SEEN | SEEN_OF.get(record["kind"], frozenset())
            total.update(rfc8785.dumps({k: v for k, v in record.items() if k not in seen}))
        return total.hexdigest()

    def entries(self, chain: str | None, after: int, limit: int) -> list[bytes]:
        """Entries as they came, in order; without `chain` those of all chains."""
        query = "SELECT body FROM entries WHERE chain = coalesce(?, chain) AND seq > ? ORDER BY chain, seq LIMIT ?"
        with self._turn:
            return [row[0] for row in self._db.execute(query, (chain, after, limit))]
