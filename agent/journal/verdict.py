"""What of a journal is proved, by what, and what is not."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from agent.journal.anchor import Anchor
from agent.journal.dropped import all_entries
from agent.journal.head_file import KnownHead
from agent.journal.journal import Head, Journal
from agent.journal.receipts import last_receipts, receipts
from agent.journal.signatures import Fault, SignatureCheck
from agent.journal.signing import PublicKey
from agent.journal.verify import EntryFacts, VerifyResult, verify_chain
from agent.records import KINDS, Record
from agent.records.canonical_json import canonical_json

State = Literal["proved", "FAILED", "unproved"]
_DEAD_LETTER = re.compile(r"target (\S+): entry (\d+)(?:-(\d+))? not taken")


class Check(NamedTuple):
    """One question put to the journal."""

    state: State
    what: str
    by: str
    detail: str


@dataclass(frozen=True, slots=True)
class Outside:
    """What is known of the journal from elsewhere than its database."""

    key: PublicKey | None = None
    key_from: str = ""
    head: KnownHead | None = None
    anchors: tuple[Anchor, ...] = ()
    """What somebody else kept of it."""
    receipt_keys: Mapping[str, PublicKey] = field(default_factory=dict)
    """The pinned keys of the targets that sign their receipts, by target."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The checks in the order a reader wants them; the head is to be compared with what others hold."""

    checks: tuple[Check, ...]
    head: Head

    @property
    def ok(self) -> bool:
        return not any(check.state == "FAILED" for check in self.checks)


class _Told:
    """What the entries say that other tables must agree with."""

    def __init__(self) -> None:
        self.live: dict[str, int] = {}
        """Of each record that is there, the entry that tells its present state."""
        self.snapshot = False
        self.dead: set[tuple[str, int]] = set()
        self.notices: set[int] = set()
        self.first_checkpoint: int | None = None

    def visit(self, seq: int, entry: EntryFacts) -> None:
        record = entry["record"] or {}
        match entry["op"]:
            case "discovered" | "changed" | "snapshot":
                self.live[str(record.get("id"))] = seq
            case "removed":
                self.live.pop(str(record.get("id")), None)
            case "snapshot_end":
                self.snapshot = True
            case "checkpoint":
                self.first_checkpoint = self.first_checkpoint or seq
            case "notice":
                self.notices.add(seq)
                if found := _DEAD_LETTER.match(str(record.get("message"))):
                    target, first, last = found.groups()
                    self.dead |= {(target, number) for number in range(int(first), int(last or first) + 1)}


def examine(journal: Journal, outside: Outside) -> Verdict:
    """Put every question to the journal. Raises `JournalError` where it cannot be read at all."""
    told, signatures = _Told(), SignatureCheck(outside.key)
    with journal.reading() as connection:
        chain = verify_chain(connection, signatures, told.visit)
        checks = [_entries(journal, chain)]
        if chain.ok:
            checks += [
                *signed(signatures, outside, journal.head().seq),
                *_cut(journal, signatures),
                *_dropped(connection, signatures),
                _known_head(journal, outside.head),
                *(_anchored(journal, connection, anchor) for anchor in outside.anchors),
                *_receipts(journal, connection, outside, signatures),
                *_delivery(connection, told),
                _inventory(connection, told, journal.cut().seq > 0),
                clock(signatures),
            ]
        checks.append(_database(connection))
    return Verdict(tuple(checks), journal.head())


def _entries(journal: Journal, result: VerifyResult) -> Check:
    what = "entries are as written, in order, none missing"
    if not result.ok:
        return Check("FAILED", what, "hash chain", f"entry {result.first_bad}: {result.reason}")
    cut, head = journal.cut().seq, journal.head().seq
    return Check(
        "proved", what, "hash chain", f"{result.entries} entries, {cut + 1} to {head}" if head > cut else "none"
    )


def signed(signatures: SignatureCheck, outside: Outside, head: int) -> Iterator[Check]:
    """Whether the checkpoints are good, and whose they are."""
    what = "history is the one that was signed"
    if signatures.faults:
        yield from (Check("FAILED", what, "signatures", _at(fault)) for fault in signatures.faults[:5])
    elif not signatures.count:
        yield Check("unproved", what, "signatures", "no checkpoint yet")
    else:
        left = head - signatures.signed_to - 1
        later = f"; {left} later entries are not signed yet" if left > 0 else ""
        yield Check(
            "proved", what, "signatures", f"{signatures.count} checkpoints, up to {signatures.signed_to}{later}"
        )
    if signatures.key:
        what, key = "key is the endpoint's", f"key {signatures.key.id}"
        if outside.key is None:
            yield Check("unproved", what, "nothing given", f"{key}; compare it with the one that was enrolled")
        elif signatures.is_trusted:
            yield Check("proved", what, outside.key_from, key)
        else:
            yield Check("FAILED", what, outside.key_from, f"signed by {key}, not by {outside.key.id}")


def _cut(journal: Journal, signatures: SignatureCheck) -> Iterator[Check]:
    cut = journal.cut().seq
    if cut:
        what = "what is missing at the beginning was cut by retention"
        good = any(c.cut and c.cut.last_seq == cut for c in signatures.cuts)
        yield Check("proved" if good else "FAILED", what, "signatures", f"entries 1 to {cut}")


def _dropped(connection: sqlite3.Connection, signatures: SignatureCheck) -> Iterator[Check]:
    gone = [seq for (seq,) in connection.execute("SELECT seq FROM dropped ORDER BY seq")]
    if gone:
        what, by = "what is missing in between was dropped for room", "signatures"
        told = {
            seq
            for checkpoint in signatures.drops
            for first, last in (checkpoint.dropped.ranges if checkpoint.dropped else ())
            for seq in range(first, min(last, checkpoint.head_seq) + 1)
        }
        untold = next((seq for seq in gone if seq not in told), None)
        if untold is None:
            yield Check("proved", what, by, f"{len(gone)} entries, {gone[0]} to {gone[-1]}")
        else:
            yield Check("FAILED", what, by, f"entry {untold}: no checkpoint tells of it")


def _known_head(journal: Journal, known: KnownHead | None) -> Check:
    what = "end is the one that was written last"
    if known is None:
        return Check("unproved", what, "journal.head", "there is none")
    try:
        journal.check_known(known)
    except Exception as error:
        return Check("FAILED", what, "journal.head", str(error).rpartition(": ")[2])
    return Check("proved", what, "journal.head", f"entry {known.seq}")


def _anchored(journal: Journal, connection: sqlite3.Connection, anchor: Anchor) -> Check:
    what, by = "history is the one that was anchored", f"anchor of entry {anchor.seq}"
    if anchor.chain != journal.chain:
        return Check("FAILED", what, by, f"it is of the journal {anchor.chain}, this one is {journal.chain}")
    if anchor.seq < journal.cut().seq:
        return Check("unproved", what, by, "the entry was cut by retention")
    cut = journal.cut()
    found = cut.hash if anchor.seq == cut.seq else _hash(connection, anchor.seq)
    if found is None:
        return Check("FAILED", what, by, f"the journal ends at entry {journal.head().seq}")
    same = found.hex() == anchor.hash
    return Check("proved" if same else "FAILED", what, by, "the same" if same else "another entry is there")


def _receipts(
    journal: Journal, connection: sqlite3.Connection, outside: Outside, signatures: SignatureCheck
) -> Iterator[Check]:
    what = "history is the one that was delivered"
    last = {receipt.target: receipt for receipt in last_receipts(connection)}
    for receipt in receipts(connection):
        by = f"receipts of {receipt.target}"
        key = outside.receipt_keys.get(receipt.target)
        statement = receipt.statement(journal.chain, journal.endpoint_id)
        signed = key is not None and receipt.signature is not None and key.verifies(statement, receipt.signature)
        if key and not signed:
            yield Check("FAILED", what, by, f"entry {receipt.seq}: not signed with the pinned key")
        elif receipt.seq > journal.cut().seq and _hash(connection, receipt.seq) != receipt.hash:
            yield Check("FAILED", what, by, f"entry {receipt.seq} is not the one that was acknowledged")
        elif receipt == last[receipt.target]:
            yield Check("proved", what, by, f"up to entry {receipt.seq}, {receipt.at}{', signed' if signed else ''}")
    if not last:
        yield Check("unproved", what, "receipts", "no target has returned what it holds")
    for known in signatures.receipts:
        if known.target not in last or last[known.target].seq < known.seq:
            by = f"receipts of {known.target}"
            yield Check("FAILED", "receipts are all there", by, f"one for entry {known.seq} was signed for and is gone")


def _delivery(connection: sqlite3.Connection, told: _Told) -> Iterator[Check]:
    what = "targets were sent everything"
    dead = {(target, seq) for target, seq in connection.execute("SELECT target, seq FROM dead_letters")}
    latest = {receipt.target: receipt.seq for receipt in last_receipts(connection)}
    for name, done, accepted in connection.execute("SELECT name, done, accepted FROM targets"):
        skipped = [seq for seq in range(accepted + 1, done + 1) if (name, seq) not in dead]
        if skipped:
            detail = f"{name} was never sent entry {skipped[0]}, and it is no dead letter"
        elif accepted > latest.get(name, accepted):
            detail = f"{name} is said to have entry {accepted}, and acknowledged {latest[name]}"
        else:
            continue
        yield Check("FAILED", what, "cursors", detail)
        return
    untold = sorted(seq for target, seq in dead - told.dead if seq not in told.notices)
    forged = [seq for seq in untold if told.first_checkpoint and seq >= told.first_checkpoint]
    if forged:
        yield Check("FAILED", what, "dead letters", f"entry {forged[0]}: the journal tells of no refusal")
    elif dead:
        yield Check("proved", what, "cursors", f"but for {len(dead)} dead letters; see `delivery dead-letters`")
    else:
        yield Check("proved", what, "cursors", "no dead letters")


def _inventory(connection: sqlite3.Connection, told: _Told, was_cut: bool) -> Check:
    what, by = "inventory is what the entries tell", "replay"
    kept = dict(connection.execute("SELECT id, record FROM inventory"))
    if was_cut and not told.snapshot:
        return Check("unproved", what, by, "the entries that are left hold no snapshot to begin with")
    for id_, text in kept.items():
        if id_ not in told.live:
            return Check("FAILED", what, by, f"record {id_} is in no entry")
        body = connection.execute("SELECT body FROM entries WHERE seq = ?", (told.live[id_],)).fetchone()[0]
        if _facts(json.loads(body)["record"]) != _facts(json.loads(text)):
            return Check("FAILED", what, by, f"record {id_} differs from entry {told.live[id_]}")
    missing = told.live.keys() - kept.keys()
    if missing:
        id_ = min(missing)
        return Check("FAILED", what, by, f"record {id_} of entry {told.live[id_]} is missing")
    return Check("proved", what, by, f"{len(kept)} records")


def _facts(record: dict[str, Any]) -> bytes:
    """Without when and by whom it was seen, which changes without an entry."""
    seen = KINDS.get(str(record.get("kind")), Record).NOT_FACTS
    return canonical_json({name: value for name, value in record.items() if name not in seen})


def clock(signatures: SignatureCheck) -> Check:
    """Whether the checkpoints' times go along with the machine's own clock."""
    what, by = "clock ran evenly", "boot clock"
    if signatures.clock:
        more = f" (and {len(signatures.clock) - 1} times more)" if len(signatures.clock) > 1 else ""
        return Check("unproved", what, by, f"{_at(signatures.clock[0])}{more}")
    if signatures.count < 2:
        return Check("unproved", what, by, "needs two checkpoints")
    return Check("proved", what, by, f"over {signatures.count} checkpoints")


def _database(connection: sqlite3.Connection) -> Check:
    what, by = "database can be read whole", "SQLite"
    try:
        # `integrity_check` adds whether an index fits its table, on which no answer rests, at three times the cost.
        (answer,) = connection.execute("PRAGMA quick_check(1)").fetchone()
        for table in ("facts", "inventory"):
            column = "records" if table == "facts" else "record"
            for (text,) in connection.execute(f"SELECT {column} FROM {table}"):  # noqa: S608 - one of two names
                json.loads(text)
    except (sqlite3.Error, ValueError, TypeError) as error:
        return Check("FAILED", what, by, type(error).__name__)
    return Check("proved" if answer == "ok" else "FAILED", what, by, "quick check" if answer == "ok" else "damaged")


def _hash(connection: sqlite3.Connection, seq: int) -> bytes | None:
    return next((digest for _, _, digest in all_entries(connection, seq, seq)), None)


def _at(fault: Fault) -> str:
    return f"entry {fault.seq}: {fault.text}"
