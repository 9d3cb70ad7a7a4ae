"""Something besides servers that steers or extends an agent."""

from typing import ClassVar, Literal

from agent.records.base import Record
from agent.records.mcp_server import DefinitionScope, Source
from agent.records.text_mark import TextMark


class Artifact(Record):
    """A skill, sub-agent, slash command, rules file, hook, plug-in or marketplace: never its content."""

    kind: Literal["artifact"] = "artifact"
    artifact: Literal["skill", "subagent", "command", "rule", "hook", "plugin", "marketplace"]
    """What it is to its client."""
    agent: str
    """Catalog id of the client that reads it."""
    name: str
    """As its client calls it."""
    scope: DefinitionScope
    """Whose it is: of the administrators, the user, a project or a plug-in."""
    project: str | None = None
    """Folder of the project for scopes `project` and `local`."""
    extension: str | None = None
    """Plug-in that brings it, for scope `extension`."""
    program: str | None = None
    """For a hook: the program it starts, without its arguments."""
    fetches: bool = False
    """For a hook: whether it talks to the network by itself, also through a shell or by being an address."""
    content_hash: str | None = None
    """SHA-256 of the file, of the entry in canonical JSON, or for a skill of all files in its folder."""
    size: int | None = None
    """Bytes that were hashed."""
    marks: tuple[TextMark, ...] = ()
    """What its text hides or says to the model that it should not: where, never the text."""
    source: Source
    """Where it stands."""

    IDENTITY: ClassVar[tuple[str, ...]] = ("owner", "agent", "artifact", "source.path", "source.key")
