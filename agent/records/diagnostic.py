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
    path: str | None = None
    key: str | None = None
    """Key path within the file."""
    line: int | None = None
    column: int | None = None
    agent: str | None = None

    IDENTITY: ClassVar[tuple[str, ...]] = ("owner", "code", "path", "key", "agent")
