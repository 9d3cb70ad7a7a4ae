"""`rollcall audit verify`: recompute the journal's whole hash chain."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from agent.journal.errors import JournalError
from agent.journal.journal import FILE, Journal


@dataclass(frozen=True, slots=True)
class Verdict:
    """Text for a person, and whether the chain is whole."""

    text: str
    ok: bool


def verify(folder: Path, endpoint_id: str) -> Verdict:
    """Check the journal in a state folder, without writing to it."""
    path = folder / FILE
    if not path.exists():
        return Verdict(f"{path}: no journal", False)
    try:
        journal = Journal.open(path, endpoint_id, readonly=True)
    except JournalError as error:
        return Verdict(str(error), False)
    try:
        result = journal.verify()
    finally:
        journal.close()
    if result.ok:
        return Verdict(f"{path}: {result.entries} entries, chain {journal.chain} is whole", True)
    return Verdict(f"{path}: entry {result.first_bad} is bad: {result.reason}", False)
