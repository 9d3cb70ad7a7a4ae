"""What could not be seen, and why."""

from typing import ClassVar, Literal

from agent.records.base import Record


class Diagnostic(Record):
    """A gap in the inventory, named: never the content that could not be read."""

    kind: Literal["diagnostic"] = "diagnostic"
    severity: Literal["info", "warning", "error"] = "warning"
    """`error` leaves a scope unknown and makes the run partial; `info` does not count as a gap."""
    code: str
    """Dotted and stable, such as `file.too_large` or `parse.json`."""
    message: str
    """The same for a person; never content of what could not be read."""
    path: str | None = None
    """The file or folder; null where there is none."""
    key: str | None = None
    """Key path within the file."""
    line: int | None = None
    """Line in the file, from 1."""
    column: int | None = None
    """Column in the line, from 1."""
    agent: str | None = None
    """Catalog id of the client whose file it is."""

    IDENTITY: ClassVar[tuple[str, ...]] = ("owner", "code", "path", "key", "agent")
