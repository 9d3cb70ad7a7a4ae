"""The journal as evidence: recompute its whole hash chain."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from agent.cli.common import COMPLETE, FAILURE, Shared, declare, group

if TYPE_CHECKING:
    from agent.cli.common import Commands


def add(commands: Commands) -> None:
    """Declare `audit verify`."""
    audit = group(commands, "audit", "check the journal")
    declare(audit.add_parser("verify", help="recompute the whole hash chain"), lambda shared, _: _verify(shared))


def _verify(shared: Shared) -> int:
    from agent.config.paths import state_dir
    from agent.inventory.context import file_context

    settings = shared.settings()
    result = verify(state_dir(settings), file_context(settings).endpoint_id)
    print(result.text)
    return COMPLETE if result.ok else FAILURE


@dataclass(frozen=True, slots=True)
class Verdict:
    """Text for a person, and whether the chain is whole."""

    text: str
    ok: bool


def verify(folder: Path, endpoint_id: str) -> Verdict:
    """Check the journal in a state folder, without writing to it."""
    from agent.journal.errors import JournalError
    from agent.journal.journal import FILE, Journal

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
