"""One tool of an MCP server, as one client has it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal, Self, TypedDict, Unpack

from pydantic import AwareDatetime

from agent.records.base import Part, Record, Shared
from agent.records.text_mark import TextMark
from agent.records.tool_list import Effect, Hint, ToolSource

ToolExposure = Literal["allowed", "ask", "denied", "filtered", "unknown"]
"""allowed: the model may call it and nobody is asked. ask: somebody is asked first. denied: a rule refuses it.
filtered: the client does not show it to the model. unknown: not known, which may be any of these."""
ToolState = Literal["known", "new", "gone"]


class PinnedTool(Part):
    """What a tool was when it was first seen, or when the baseline was accepted."""

    definition_hash: str
    """SHA-256 of the definition then."""
    whole: bool = False
    """Whether that was over the whole definition."""
    known_from: ToolSource
    """How it was known then."""
    description_hash: str | None = None
    """SHA-256 of the description then."""
    description_size: int | None = None
    """Bytes of the description then."""
    parameters: tuple[str, ...] = ()
    """Its parameters then."""
    hints: tuple[Hint, ...] = ()
    """What was declared then."""


class ToolCalls(Part):
    """Calls of one tool, as far as actions were collected."""

    times: int
    """How often it was called."""
    last: AwareDatetime
    """When it was called last, by the client's clock."""


class ToolConclusions(TypedDict, total=False):
    """What is concluded of a tool."""

    exposure: ToolExposure
    exposure_by: str | None
    state: ToolState
    pinned: PinnedTool | None
    called: ToolCalls | None


class Tool(Record):
    """One tool of one MCP server, as one client has it: hashes and names; its description if a policy asks for it."""

    kind: Literal["tool"] = "tool"
    agent: str
    """Catalog id of the client that offers it."""
    server: str
    """The server as the client calls it."""
    server_ids: Annotated[tuple[str, ...], Shared] = ()
    """Record ids of the definitions of that name; none where no definition is known."""
    name: str
    """As the server calls it."""
    title: str | None = None
    """What people are shown."""
    definition_hash: str | None = None
    """SHA-256 of the canonical definition (RFC 8785): name, title, description, inputSchema, outputSchema and
    annotations, as far as the source keeps them; null where it keeps the name only."""
    whole: bool = False
    """Whether the source keeps definitions whole: then the hash is that of the server's own answer, else it can be
    compared only with what the same kind of source said of the same client."""
    description_hash: str | None = None
    """SHA-256 of the description."""
    description_size: int | None = None
    """Bytes of the description."""
    description: str | None = None
    """What it says of itself, redacted and cut to 1,000 characters, where a policy asks for that; else not there."""
    size: int | None = None
    """Bytes of the canonical definition: what each request of the agent carries."""
    marks: Annotated[tuple[TextMark, ...], Shared] = ()
    """What its definition hides or says to the model that it should not: where, never the text."""
    parameters: Annotated[tuple[str, ...], Shared] = ()
    """Names of its parameters."""
    hints: Annotated[tuple[Hint, ...], Shared] = ()
    """What the server declares of it, which the MCP specification says not to trust; what it does not declare is not
    here."""
    effects: Annotated[tuple[Effect, ...], Shared] = ()
    """What it seems to do, inferred from names, schema and hints; empty means that nothing was recognised."""
    exposure: ToolExposure = "unknown"
    """What happens when the model wants to call it, by the client's settings."""
    exposure_by: str | None = None
    """What decides that: a rule, a filter, or the client's mode."""
    state: ToolState = "known"
    """new: its server offered other tools before it offered this one, and no baseline was accepted since. gone: the
    server no longer offers it."""
    pinned: PinnedTool | None = None
    """What it was when first seen, or when the baseline was accepted; null while it still is that."""
    listed: bool = False
    """Whether it is known from a list of all tools that the server offers."""
    known_from: ToolSource
    """How it is known."""
    known_at: AwareDatetime | None = None
    """When the server said so, as far as the source tells."""
    called: ToolCalls | None = None
    """How often the agent called it; null where actions are not collected, or it never did."""
    IDENTITY: ClassVar[tuple[str, ...]] = ("owner", "agent", "server", "name")
    NOT_FACTS: ClassVar[frozenset[str]] = Record.NOT_FACTS | {"known_at", "called"}

    UNSAID: ClassVar[frozenset[str]] = frozenset({"description"})

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> object:
            return None if name in self.UNSAID else super().__getattr__(name)

    def differs_from(self, pin: PinnedTool) -> bool | None:
        """Whether its definition is another one than it was; None where the two sources do not compare."""
        if self.definition_hash is None or not ((self.whole and pin.whole) or self.known_from == pin.known_from):
            return None
        return self.definition_hash != pin.definition_hash

    def changed(self, **fields: Unpack[ToolConclusions]) -> Self:
        return self._changed(fields)
