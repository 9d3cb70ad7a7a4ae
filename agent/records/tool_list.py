"""What a collector says of the tools of one server: a fact, from which the records `tool` follow."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal, NamedTuple, get_args

from pydantic import AwareDatetime, ValidatorFunctionWrapHandler, WrapValidator

from agent.records.base import Record
from agent.records.mcp_server import Source
from agent.records.text_mark import TextMark

ToolSource = Literal[
    "probe",
    "cache",
    "log",
    "manifest",
    "catalogue",
    "registration",
    "transcript",
    "telemetry",
    "permissions",
]
"""probe: Rollcall asked the server. cache: its client noted what the server answered. log: the answer stands in a log.
manifest: the package says so. catalogue: a list of servers says so. registration: a client registered them itself.
transcript and telemetry: they were offered or called. permissions: a rule names them."""

Effect = Literal["reads_files", "writes_files", "runs_programs", "network", "messages", "money", "credentials"]
EFFECTS: tuple[Effect, ...] = get_args(Effect)


Hint = Literal[
    "read_only",
    "not_read_only",
    "destructive",
    "not_destructive",
    "idempotent",
    "not_idempotent",
    "open_world",
    "not_open_world",
]
"""What a server declares of a tool. The MCP specification says not to trust it."""


class ToolDigest(NamedTuple):
    """One tool, without its texts unless they are asked for."""

    name: str
    title: str | None = None
    definition_hash: str | None = None
    description_hash: str | None = None
    description_size: int | None = None
    size: int | None = None
    parameters: tuple[str, ...] = ()
    hints: tuple[Hint, ...] = ()
    effects: tuple[Effect, ...] = ()
    marks: tuple[TextMark, ...] = ()
    description: str | None = None
    """Redacted, and only where a policy asks for it."""


class ToolUse(NamedTuple):
    """Calls of one tool."""

    name: str
    times: int
    last: AwareDatetime


def _as_it_is(value: Any, read: ValidatorFunctionWrapHandler) -> Any:
    """The very object: there are thousands, and whoever made them keeps them too."""
    return value if type(value) is ToolDigest else read(value)


class ToolList(Record):
    """The tools of one server as one source has them."""

    kind: Literal["tool_list"] = "tool_list"
    agent: str
    """Catalog id of the client that the source belongs to."""
    server: str
    """The server as that client calls it."""
    known_from: ToolSource
    complete: bool
    """Whether these are all tools that the server offered then."""
    whole: bool
    """Whether the source keeps definitions whole, so that their hashes are those of the server's own answer."""
    at: AwareDatetime | None = None
    """When the server was asked, or the source was written."""
    source: Source
    uses: tuple[ToolUse, ...] = ()
    """How often tools of it were called, in one project."""
    tools: tuple[Annotated[ToolDigest, WrapValidator(_as_it_is)], ...] = ()

    IDENTITY: ClassVar[tuple[str, ...]] = ("owner", "agent", "server", "source.path", "source.key")
