"""The journal's head, for somebody else to keep: a ticket, a time stamp, a transparency log."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, NamedTuple

from pydantic_core import from_json

from agent.journal.entry import wire_time
from agent.journal.journal import Journal
from agent.journal.signing import PublicKey, SigningKey
from agent.records.canonical_json import canonical_json

SCHEMA = "rollcall-anchor/1"


class Anchor(NamedTuple):
    """What somebody wrote down of a journal."""

    chain: str
    seq: int
    hash: str
    key: PublicKey | None
    """Whose good signature it bears; None without one."""


def anchor(journal: Journal, key: SigningKey | None) -> bytes:
    """One line of JSON: the head now, signed where the key is at hand. Raises `JournalError`."""
    head = journal.head()
    statement: dict[str, Any] = {
        "schema": SCHEMA,
        "endpoint_id": journal.endpoint_id,
        "chain": journal.chain,
        "head_seq": head.seq,
        "head_hash": head.hash.hex(),
        "at": wire_time(datetime.now(UTC)),
    }
    if key:
        statement["public_key"] = key.public.text
        statement["signature"] = key.sign(canonical_json(statement))
    return canonical_json(statement) + b"\n"


def parse_anchor(text: bytes) -> Anchor:
    """Raises `ValueError` for whatever is no anchor, or bears a signature that is not of it."""
    try:
        statement = from_json(text)
        signature = statement.pop("signature", None)
        found = str(statement["chain"]), int(statement["head_seq"]), str(statement["head_hash"])
        key = PublicKey.parse(statement["public_key"]) if signature else None
        if statement["schema"] != SCHEMA:
            raise ValueError("not an anchor")
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError("not an anchor") from error
    if key and not key.verifies(canonical_json(statement), signature):
        raise ValueError("the signature is not of this anchor")
    return Anchor(*found, key)
