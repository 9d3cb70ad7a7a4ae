"""Proof of an exported file, on any machine: what is in it is what was signed, and what is left out was there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any

from pydantic_core import from_json

from agent.journal.entry import genesis, link
from agent.journal.export import SCHEMA
from agent.journal.journal import Head
from agent.journal.receipts import Receipt
from agent.journal.signatures import Between, SignatureCheck, Statement
from agent.journal.signing import PublicKey
from agent.journal.span import CheckpointPlace, Span, begin_span
from agent.journal.verdict import Check, Outside, Verdict, clock, signed
from agent.journal.verify import BadEntryError, parsed, record_of


class _Walk:
    """Follows the chain through the file."""

    def __init__(self, header: dict[str, Any], key: PublicKey | None) -> None:
        self.chain = str(header["chain"])
        self.endpoint_id = str(header["endpoint_id"])
        self.seq = int(header["first_seq"]) - 1
        self.hash: bytes | None = bytes.fromhex(header["prev_hash"])
        """Of the entry before; None after entries that are only counted."""
        self._last = (int(header["last_seq"]), str(header["head_hash"]))
        self._span: Span | None = Span() if self.seq == 0 else None
        self.signatures = SignatureCheck(key)
        self.entries = 0
        self.left_out = 0
        self.receipts: list[Receipt] = []
        self.hashes: dict[int, bytes] = {}
        """Of entries that receipts may name."""
        if self.seq == 0 and self.hash != genesis(self.chain):
            raise BadEntryError("the first entry is not chained to the name of the journal")

    def see(self, line: bytes) -> None:
        document = from_json(line)
        match document:
            case {"receipt": {"target": target, "seq": int(seq), "hash": digest, "at": at, "signature": signature}}:
                self.receipts.append(Receipt(target, seq, bytes.fromhex(digest), at, signature))
            case {"left_out": int(seq), "hash": str(digest)}:
                self._next(seq, bytes.fromhex(digest))
                self.left_out += 1
            case {"left_out": {"first": int(first), "last": int(last)}}:
                self._skip(first, last)
            case _:
                self._entry(line.rstrip(b"\n"))

    def _next(self, seq: int, digest: bytes) -> None:
        if seq != self.seq + 1:
            raise BadEntryError("missing: the numbering has a gap")
        self.seq, self.hash = seq, digest
        self.hashes[seq] = digest
        if self._span:
            self._span.add(seq, digest)

    def _skip(self, first: int, last: int) -> None:
        if first != self.seq + 1 or last < first:
            raise BadEntryError("missing: the numbering has a gap")
        self.left_out += last - first + 1
        self.seq, self.hash, self._span = last, None, None

    def _entry(self, body: bytes) -> None:
        entry = parsed(body, self.seq + 1, self.chain)
        before, span = self.hash, self._span
        signed = entry["op"] == "checkpoint"
        record = record_of(body) if signed else {}
        if signed and before is None:
            # After entries that were only counted it is the checkpoint itself that says where it stands.
            before = bytes.fromhex(str(record.get("head_hash")))
        if before is None:
            raise BadEntryError("it follows entries without a hash")
        place = CheckpointPlace(self.seq + 1, link(before, body))
        if signed:
            between = Between(span.checkpoint, span.hexdigest()) if span else None
            self.signatures.see(Statement(place, record, before, between))
            self._span = None
        self._next(*place)
        if signed:
            self._span = begin_span(*place)
        self.entries += 1

    def end(self) -> None:
        if self.seq != self._last[0]:
            raise BadEntryError("missing: the file ends before its last entry")
        if self.hash is not None and self.hash.hex() != self._last[1]:
            raise BadEntryError("the last entry is not the one that the header names")


def examine_export(lines: Iterable[bytes], key: PublicKey | None, key_from: str = "--key") -> Verdict:
    """Put every question to a file that `export` wrote. Raises `ValueError` for a file of another kind."""
    source = iter(lines)
    header = None
    with suppress(ValueError):
        header = from_json(next(source, b"null"))
    if not isinstance(header, dict) or header.get("schema") != SCHEMA:
        raise ValueError("not an export of a journal")
    what = "entries are as written, in order, none missing"
    seq = 0
    try:
        walk = _Walk(header, key)
        for line in source:
            seq = walk.seq + 1
            walk.see(line)
        walk.end()
    except (BadEntryError, ValueError, KeyError, TypeError) as error:
        reason = str(error) if isinstance(error, BadEntryError) else "malformed"
        return Verdict((Check("FAILED", what, "hash chain", f"entry {seq}: {reason}"),), Head(seq, b""))
    found = Check("proved", what, "hash chain", f"{walk.entries} entries, and {walk.left_out} left out")
    outside = Outside(key, key_from)
    checks = [found, *signed(walk.signatures, outside, walk.seq), *_receipts(walk), clock(walk.signatures)]
    return Verdict(tuple(checks), Head(walk.seq, walk.hash or b""))


def _receipts(walk: _Walk) -> Iterator[Check]:
    what = "history is the one that was delivered"
    held = [receipt for receipt in walk.receipts if receipt.seq in walk.hashes]
    for receipt in held:
        if walk.hashes[receipt.seq] != receipt.hash:
            detail = f"entry {receipt.seq} is not the one that was acknowledged"
            yield Check("FAILED", what, f"receipts of {receipt.target}", detail)
    if held and held[-1].hash == walk.hashes[held[-1].seq]:
        last = held[-1]
        yield Check("proved", what, f"receipts of {last.target}", f"up to entry {last.seq}, {last.at}")
    elif not held:
        yield Check("unproved", what, "receipts", "none for an entry whose hash is here")
