"""The journal as evidence: what is proved of it, and what others may keep of it."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from agent.cli.common import COMPLETE, FAILURE, Shared, declare, group
from agent.runtime.terminal import show_text, tell

if TYPE_CHECKING:
    from agent.cli.common import Commands
    from agent.journal.anchor import Anchor
    from agent.journal.signing import PublicKey


def add(commands: Commands) -> None:
    """Declare `audit verify` and `audit anchor`."""
    audit = group(commands, "audit", "the journal as evidence")
    verify = audit.add_parser("verify", help="what is proved of the journal, by what, and what is not")
    verify.add_argument("--key", type=Path, metavar="FILE", help="the public key, kept elsewhere")
    verify.add_argument("--anchor", type=Path, metavar="FILE", action="append", help="what `audit anchor` printed once")
    declare(verify, _verify)
    anchor = audit.add_parser("anchor", help="print the journal's head, for somebody else to keep")
    declare(anchor, lambda shared, _: _anchor(shared))


def _verify(shared: Shared, given: argparse.Namespace) -> int:
    from agent.cli.audit_verify import verify
    from agent.config.paths import state_dir
    from agent.inventory.context import this_endpoint_id

    settings = shared.settings()
    key, anchors = _key(given.key), tuple(map(_read_anchor, given.anchor or ()))
    report = verify(state_dir(settings), this_endpoint_id(), key, anchors)
    show_text(report.text)
    return COMPLETE if report.ok else FAILURE


def _anchor(shared: Shared) -> int:
    from agent.config.paths import state_dir
    from agent.inventory.context import this_endpoint_id
    from agent.journal.anchor import anchor
    from agent.journal.errors import JournalError
    from agent.journal.journal import FILE, Journal
    from agent.journal.keys import existing_key

    settings = shared.settings()
    folder = state_dir(settings)
    try:
        journal = Journal.open(folder / FILE, this_endpoint_id(), readonly=True)
        try:
            show_text(anchor(journal, existing_key(folder)).decode())
        finally:
            journal.close()
    except JournalError as error:
        tell(f"rollcall: {error}")
        return FAILURE
    return COMPLETE


def _key(path: Path | None) -> PublicKey | None:
    from agent.config.error import ConfigError
    from agent.journal.signing import PublicKey

    try:
        return PublicKey.parse(path.read_text(encoding="ascii")) if path else None
    except ValueError:
        raise ConfigError(f"{path}: not an Ed25519 public key") from None


def _read_anchor(path: Path) -> Anchor:
    from agent.config.error import ConfigError
    from agent.journal.anchor import parse_anchor

    try:
        return parse_anchor(path.read_bytes())
    except ValueError as error:
        raise ConfigError(f"{path}: {error}") from None
