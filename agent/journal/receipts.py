"""What targets said that they hold: kept as proof that the journal was not rewritten since."""

from __future__ import annotations

import sqlite3
from typing import NamedTuple

from agent.records.canonical_json import canonical_json

SCHEMA = "rollcall-receipt/1"


class Receipt(NamedTuple):
    """A target's answer to a batch: up to `seq`, with this hash, it has everything."""

    target: str
    seq: int
    hash: bytes
    at: str
    """UTC, RFC 3339; the receiver's own words where it signs them."""
    signature: str | None = None
    """Ed25519, base64, of `statement`."""

    def statement(self, chain: str, endpoint_id: str) -> bytes:
        """What a receiver signs: RFC 8785 canonical JSON."""
        return canonical_json(
            {
                "schema": SCHEMA,
                "endpoint_id": endpoint_id,
                "chain": chain,
                "head_seq": self.seq,
                "head_hash": self.hash.hex(),
                "at": self.at,
            }
        )


def keep_receipt(connection: sqlite3.Connection, receipt: Receipt) -> None:
    """The last of each day stays: enough to date a rewrite, and a few hundred rows a year."""
    row = (receipt.target, receipt.at[:10], *receipt[1:])
    connection.execute("INSERT OR REPLACE INTO receipts VALUES (?, ?, ?, ?, ?, ?)", row)


def receipts(connection: sqlite3.Connection) -> list[Receipt]:
    """All that are kept, oldest first."""
    rows = connection.execute("SELECT target, seq, hash, at, signature FROM receipts ORDER BY seq, target")
    return [Receipt(*row) for row in rows]


def last_receipts(connection: sqlite3.Connection) -> list[Receipt]:
    """The latest of each target."""
    return list({receipt.target: receipt for receipt in receipts(connection)}.values())
