"""Whether a server definition may be started, and whether it runs regardless."""

from typing import ClassVar, Literal

from agent.records.base import Record
from agent.records.mcp_server import Source
from agent.records.posture import SetBy

ApprovalState = Literal["pending", "approved", "denied", "not_applicable", "unknown"]


class Approval(Record):
    """The approval of one MCP server definition by whoever its client asks."""

    kind: Literal["approval"] = "approval"
    agent: str
    """Catalog id of the client that asks."""
    server_id: str
    """Record id of the definition."""
    server: str
    """Name of the definition."""
    project: str | None = None
    """Folder of the project that the definition stands in; null outside of projects."""
    state: ApprovalState
    """not_applicable: the client asks nobody about servers of this scope, and nobody decided. unknown: what was
    decided is kept where it cannot be read."""
    by: SetBy = "default"
    """Who decided; `default` is the client's own way."""
    runs_anyway: bool = False
    """It runs although it is pending or denied."""
    source: Source | None = None
    """Where the decision stands."""

    IDENTITY: ClassVar[tuple[str, ...]] = ("server_id",)
