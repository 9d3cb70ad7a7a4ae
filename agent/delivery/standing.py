"""What stands, such as a token that everybody can read, is told when it begins, not with every process that sees it."""

from __future__ import annotations

import contextlib
import sqlite3

from agent.delivery.contract import Notice, Tell
from agent.journal.errors import JournalError
from agent.journal.journal import Journal


def once_each(journal: Journal, target: str, tell: Tell) -> Notice:
    """Passes a notice on unless it is what was last told under its code, in this process or an earlier one."""

    def notice(code: str, message: str | None) -> None:
        changed = True
        with contextlib.suppress(JournalError), journal.transaction() as step:
            changed = _remember(step.connection, f"notice:{target}:{code}", message)
        if message and changed:
            tell(code, message)

    return notice


def _remember(connection: sqlite3.Connection, name: str, message: str | None) -> bool:
    """Whether it is another message than the one that is kept."""
    row = connection.execute("SELECT value FROM marks WHERE name = ?", (name,)).fetchone()
    if (row[0] if row else None) == message:
        return False
    if message is None:
        connection.execute("DELETE FROM marks WHERE name = ?", (name,))
    else:
        connection.execute("REPLACE INTO marks VALUES (?, ?)", (name, message))
    return True
