"""Delivery: where each target stands, what it would not take, and sending that once more."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from agent.cli.common import COMPLETE, FAILURE, Shared, declare, group
from agent.runtime.terminal import show, tell

if TYPE_CHECKING:
    from agent.cli.common import Commands
    from agent.journal.journal import Journal


def add(commands: Commands) -> None:
    """Declare `delivery status`, `delivery dead-letters` and `delivery retry`."""
    delivery = group(commands, "delivery", "where each target stands, and what it would not take")
    status = delivery.add_parser("status", help="what each target has, and what it said last that it holds")
    declare(status, lambda shared, _: _status(shared))
    letters = delivery.add_parser("dead-letters", help="entries that a target would not take")
    letters.add_argument("target", nargs="?", metavar="TARGET", help="default: all")
    declare(letters, _dead_letters)
    retry = delivery.add_parser("retry", help="send dead letters once more, with the next delivery")
    retry.add_argument("target", metavar="TARGET")
    retry.add_argument("entries", nargs="*", type=int, metavar="ENTRY", help="default: all of the target")
    declare(retry, _retry)


def _status(shared: Shared) -> int:
    from agent.delivery.cursor import Cursor
    from agent.journal.receipts import last_receipts

    names = [target.name for target in shared.settings().target]
    if not names:
        tell("rollcall: no target is configured")
    with _journal(shared, readonly=True) as journal:
        with journal.reading() as connection:
            receipts = {receipt.target: receipt for receipt in last_receipts(connection)}
        for name in names:
            status, receipt = Cursor(journal, name).status(), receipts.get(name)
            held = f"entry {receipt.seq}, {receipt.at}" if receipt else "nothing was said"
            show(
                [
                    f"{name}: backlog {status.backlog}, dead letters {status.dead_letters}",
                    f"  settled to entry {status.acknowledged}, last success {status.last_success or 'never'}",
                    *([f"  FAILING since {status.failing_since}: {status.last_error}"] if status.last_error else []),
                    f"  receipt: {held}",
                ]
            )
    return COMPLETE


def _dead_letters(shared: Shared, given: argparse.Namespace) -> int:
    from agent.delivery.dead_letters import dead_letters

    with _journal(shared, readonly=True) as journal, journal.reading() as connection:
        for letter in dead_letters(connection, given.target):
            again = ", to be sent once more" if letter.retry else ""
            about = _about(journal, letter.seq)
            show([f"{letter.target}  entry {letter.seq}  {letter.at}  {letter.reason}{again}  {about}"])
    return COMPLETE


def _about(journal: Journal, seq: int) -> str:
    import json

    entry = json.loads(journal.lines(seq - 1, 1)[0].body)
    record = entry["record"] or {}
    return " ".join(filter(None, (entry["op"], record.get("kind"), record.get("name") or record.get("agent"))))


def _retry(shared: Shared, given: argparse.Namespace) -> int:
    from agent.delivery.dead_letters import request_retry

    with _journal(shared, readonly=False) as journal:
        count = request_retry(journal, given.target, given.entries or None)
    if not count:
        tell(f"rollcall: {given.target} has no such dead letter")
        return FAILURE
    show([f"{count} to be sent once more, with the next delivery to {given.target}"])
    return COMPLETE


@contextmanager
def _journal(shared: Shared, *, readonly: bool) -> Iterator[Journal]:
    """The journal of this machine. Raises `JournalError`."""
    from agent.config.paths import state_dir
    from agent.inventory.context import this_endpoint_id
    from agent.journal.errors import JournalError
    from agent.journal.journal import FILE, Journal

    path = state_dir(shared.settings()) / FILE
    if not path.exists():
        # Opened for writing it would be made.
        raise JournalError(f"{path}: no journal")
    journal = Journal.open(path, this_endpoint_id(), readonly=readonly)
    try:
        yield journal
    finally:
        journal.close()
