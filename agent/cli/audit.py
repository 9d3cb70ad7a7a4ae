"""The journal as evidence: what is proved of it, and what others may keep of it."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from agent.cli.common import COMPLETE, FAILURE, USAGE, Shared, declare, group, on_terminal, write
from agent.reports.report import HISTORY
from agent.runtime.terminal import show_json, show_text, tell

if TYPE_CHECKING:
    from datetime import datetime

    from agent.cli.common import Commands
    from agent.journal.anchor import Anchor
    from agent.journal.journal import Journal
    from agent.journal.selection import Selection
    from agent.journal.signing import PublicKey

_FILTERS = {
    "kind": "kind of record, such as mcp_server",
    "owner": "operating system account",
    "agent": "client, such as claude-code",
    "control": "control that the entry is evidence for, such as A.4",
    "op": "operation, such as changed",
}
"""Each may be given several times; an entry must fit one of each."""


def add(commands: Commands) -> None:
    """Declare `audit verify`, `audit show`, `audit export`, `audit anchor` and `audit new-key`."""
    audit = group(commands, "audit", "the journal as evidence")
    verify = audit.add_parser("verify", help="what is proved of the journal, by what, and what is not")
    verify.add_argument("file", type=Path, nargs="?", metavar="FILE", help="one that `audit export` wrote")
    verify.add_argument("--key", type=Path, metavar="FILE", help="the public key, kept elsewhere")
    verify.add_argument("--anchor", type=Path, metavar="FILE", action="append", help="what `audit anchor` printed once")
    declare(verify, _verify)
    show = audit.add_parser("show", help="what happened, or the history of one subject")
    show.add_argument("subjects", nargs="*", metavar="SUBJECT", help="name or id of a record; default: everything")
    _takes_selection(show)
    declare(show, _show, formats=HISTORY.formats)
    export = audit.add_parser("export", help="write a part of the journal as a file that proves itself")
    _takes_selection(export)
    declare(export, _export, ("output",))
    anchor = audit.add_parser("anchor", help="print the journal's head, for somebody else to keep")
    declare(anchor, lambda shared, _: _anchor(shared))
    new_key = audit.add_parser("new-key", help="make the key that the daemon hands over to at its next start or reload")
    declare(new_key, lambda shared, _: _new_key(shared))


def _takes_selection(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--since", type=moment, metavar="TIME", help="not before; as 2026-11-23 or 2026-11-23T12:00Z")
    parser.add_argument("--until", type=moment, metavar="TIME", help="before")
    for name, what in _FILTERS.items():
        parser.add_argument(f"--{name}", action="append", metavar=name.upper(), help=what)


def _selection(given: argparse.Namespace, subjects: tuple[str, ...] = ()) -> Selection:
    from agent.journal.selection import Selection

    kinds, owners, agents, controls, ops = (tuple(getattr(given, name) or ()) for name in _FILTERS)
    return Selection(given.since, given.until, kinds, owners, agents, controls, ops, subjects)


def moment(text: str) -> datetime:
    """A time as ISO 8601 writes it, UTC unless it says otherwise. Raises `ValueError`."""
    from datetime import UTC, datetime

    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _verify(shared: Shared, given: argparse.Namespace) -> int:
    from agent.cli.audit_verify import verify, verify_export

    key = _key(given.key)
    if given.file:
        report = verify_export(given.file, key)
    else:
        from agent.config.paths import state_dir
        from agent.inventory.context import this_endpoint_id

        settings = shared.settings()
        anchors = tuple(map(_read_anchor, given.anchor or ()))
        report = verify(state_dir(settings), this_endpoint_id(), key, anchors)
    show_text(report.text)
    return COMPLETE if report.ok else FAILURE


def _show(shared: Shared, given: argparse.Namespace) -> int:
    from agent.journal.history import history, subjects_called

    with journal_of(shared) as (journal, _):
        subjects = tuple(id_ for name in given.subjects for id_ in subjects_called(journal, name))
        if given.subjects and not subjects:
            tell(f"rollcall: nothing here is called {' or '.join(given.subjects)}")
            return FAILURE
        write(HISTORY, history(journal, _selection(given, subjects)), shared)
    return COMPLETE


def _export(shared: Shared, given: argparse.Namespace) -> int:
    from agent.journal.export import export
    from agent.reports.output import emit

    if on_terminal() and not shared.output:
        tell("rollcall: an export holds names as they were found; give --output FILE, or pipe it")
        return USAGE
    with journal_of(shared) as (journal, _):
        emit((line.decode().removesuffix("\n") for line in export(journal, _selection(given))), shared.output)
    return COMPLETE


def _anchor(shared: Shared) -> int:
    from agent.journal.anchor import anchor
    from agent.journal.keys import existing_key

    with journal_of(shared) as (journal, folder):
        show_json([anchor(journal, existing_key(folder)).decode()])
    return COMPLETE


def _new_key(shared: Shared) -> int:
    from agent.config.error import ConfigError
    from agent.config.paths import state_dir
    from agent.journal.keys import request_new_key

    try:
        key = request_new_key(state_dir(shared.settings()))
    except FileExistsError:
        raise ConfigError("a new key is waiting already; the daemon takes it up at its next start or reload") from None
    show_text(f"key {key.id} is to take over at the daemon's next start or reload\n{key.pem}")
    return COMPLETE


@contextmanager
def journal_of(shared: Shared) -> Iterator[tuple[Journal, Path]]:
    """The journal of this machine, for reading, and the state folder. Raises `JournalError`."""
    from agent.config.paths import state_dir
    from agent.inventory.context import this_endpoint_id
    from agent.journal.journal import FILE, Journal

    settings = shared.settings()
    folder = state_dir(settings)
    journal = Journal.open(folder / FILE, this_endpoint_id(), readonly=True)
    try:
        yield journal, folder
    finally:
        journal.close()


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
