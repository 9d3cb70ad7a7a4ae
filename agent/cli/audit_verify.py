"""`rollcall audit`: the journal as evidence."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from agent.journal.anchor import Anchor
from agent.journal.errors import JournalError
from agent.journal.exported import examine_export
from agent.journal.head_file import HeadFile
from agent.journal.journal import FILE, Journal
from agent.journal.keys import published_key
from agent.journal.signing import PublicKey
from agent.journal.verdict import Outside, Verdict, examine


@dataclass(frozen=True, slots=True)
class Report:
    """Text for a person, and whether nothing is wrong."""

    text: str
    ok: bool


def verify(folder: Path, endpoint_id: str, key: PublicKey | None, anchors: tuple[Anchor, ...]) -> Report:
    """Check the journal in a state folder, without writing to it; `key` and `anchors` were kept elsewhere."""
    path = folder / FILE
    head = HeadFile(path.with_suffix(".head")).read()
    if not path.exists():
        was = f", but one with {head.seq} entries was: chain {head.chain}" if head else ""
        return Report(f"{path}: no journal{was}", False)
    outside = Outside(key or published_key(folder), "--key" if key else "journal.pub", head, anchors)
    try:
        journal = Journal.open(path, endpoint_id, readonly=True)
        try:
            verdict = examine(journal, outside)
        finally:
            journal.close()
    except JournalError as error:
        return Report(str(error), False)
    said = f"head: chain {journal.chain}, entry {verdict.head.seq}, {verdict.head.hash.hex()}"
    return Report("\n".join([str(path), *table(verdict), said]), verdict.ok)


def verify_export(path: Path, key: PublicKey | None) -> Report:
    """Check a file that `audit export` wrote, on any machine. Raises `OSError`."""
    try:
        with path.open("rb") as file:
            verdict = examine_export(file, key)
    except ValueError as error:
        return Report(f"{path}: {error}", False)
    return Report("\n".join([str(path), *table(verdict)]), verdict.ok)


def table(verdict: Verdict) -> Iterator[str]:
    """One line a question."""
    rows = [("", "QUESTION", "BY", "ANSWER"), *((c.state, c.what, c.by, c.detail) for c in verdict.checks)]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    for state, what, by, detail in rows:
        yield f"{state:<{widths[0]}}  {what:<{widths[1]}}  {by:<{widths[2]}}  {detail}".rstrip()
