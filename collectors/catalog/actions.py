"""What a catalog entry may say about the actions that a client notes in its transcripts.

Value paths name a value of one entry of a transcript (a line, a document, a row, or an element that `each` leads to):
components separated by dots (`\\.` is a dot within a key), `[]` steps into each element of a list, and `!` after a
component reads its text as JSON. `each` goes into elements in steps (`messages[]>content[]`); `^` at the start of a
path is one such step back. `*2` is what the second `*` of the file's path stood for (in one that starts at
`{project}` `*1` is the project), `=text` is that text itself. Of several paths the first that leads to a value counts.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from agent.records.action import ActionKind, Decision, DeniedBy, Result
from agent.records.posture import ApprovalMode
from collectors.catalog.base import Entry, Fact

Shape = Literal["lines", "document", "text", "table"]
"""lines: JSON objects, appended; a patch log is one too. document: JSON that is written anew as it grows. text: a file
that is one value. table: rows of an SQLite database."""

Paths = str | tuple[str, ...]


class Comparison(Entry):
    """What a value must be where it is not simply equal to something."""

    matches: str | None = None
    """A regular expression that is found in its text."""
    present: bool | None = None
    differs: bool | int | str | None = None
    """It is there and not this."""


Condition = bool | int | str | Comparison | tuple[str, ...]
"""A value that is equal to it, or to one of these texts; true as soon as one of the values at the path is."""


class DecisionCase(Entry):
    """A decision, where all its conditions hold."""

    value: Decision
    by: DeniedBy | None = None
    """Who or what refused; a call that was refused has the result `denied`."""
    interrupts: bool = False
    """The same is written of a call that was broken off as it ran: where nobody is asked, or it is told to have run, it
    means that."""
    when: dict[str, Condition] = Field(default_factory=dict)


class ResultCase(Entry):
    """A result, where all its conditions hold."""

    value: Result
    when: dict[str, Condition] = Field(default_factory=dict)


class KindCase(Entry):
    """What a call did, where all its conditions hold: for tools that do several things."""

    value: ActionKind
    when: dict[str, Condition] = Field(default_factory=dict)


class Rule(Entry):
    """How one type of entry maps to facts of a call (`call` is given) or of a session (it is not)."""

    when: dict[str, Condition] = Field(default_factory=dict)
    each: Paths = ""
    """Leads to the elements that the other paths start from; empty: the entry itself."""
    where: dict[str, Condition] = Field(default_factory=dict)
    call: Paths = ""
    """The client's own id of the call."""
    call_pattern: str = ""
    """Takes the id out of a longer text: its group."""
    inside_pattern: str = ""
    """Takes the outer call's id out of that of a call which a script made; the first such is told as one with it."""
    tool: Paths = ""
    tool_pattern: str = ""
    """Takes the name out of a longer text: its group."""
    inner_tool: Paths = ""
    """The tool that a bridge tool was asked for."""
    namespace: Paths = ""
    """What comes before the tool's name in its long form, where the two stand apart."""
    server: Paths = ""
    server_pattern: str = ""
    """Takes names out of a longer text: its groups `server` or `namespace`, and `tool`."""
    mcp_tool: Paths = ""
    command: Paths = ""
    """Texts of which only the known programs that they start are told."""
    asked_at: Paths = ""
    answered_at: Paths = ""
    duration: Paths = ""
    """Milliseconds."""
    session: Paths = ""
    parent_session: Paths = ""
    version: Paths = ""
    folder: Paths = ""
    model: Paths = ""
    provider: Paths = ""
    mode: Paths = ""
    at: Paths = ""
    """When a rule without a call says what it says."""
    event: Literal["", "session_start", "session_end"] = ""
    ran: dict[str, Condition] | None = None
    """Where this holds, the call was carried out, with whatever result."""
    final: bool = False
    """Nothing more is said of a call after this."""
    decision: tuple[DecisionCase, ...] = ()
    """The first that applies counts, here and below."""
    result: tuple[ResultCase, ...] = ()
    action: tuple[KindCase, ...] = ()


class Table(Entry):
    """Which columns of which table are the entries of a database."""

    name: str
    columns: tuple[str, ...]
    json_columns: tuple[str, ...] = ()
    """Columns whose text is JSON."""
    where: dict[str, Condition] = Field(default_factory=dict)
    """What must hold of a row, with its columns as they are, so that it is looked into."""
    unfinished: dict[str, Condition] = Field(default_factory=dict)
    """Where this holds of a row, it is written anew soon, and read again then."""
    join: str = ""
    """A second table, by `join_on`: a column of the first that is equal to the `id` of the second."""
    join_on: str = ""
    join_columns: tuple[str, ...] = ()
    """They are told under this name: `session.directory`."""


class McpName(Entry):
    """How the client spells a tool of an MCP server: prefix, server, separator, tool."""

    prefix: str = ""
    separator: str
    mangled: Literal["", "dash", "all", "other", "runs"] = ""
    """Characters of the server's name that became `_`: dashes; all but letters, digits and `_`; all `other` than these
    and dashes; with `runs` several in a row are one `_` too."""
    cut_at: int = 0
    """A name may have been cut to so many characters: then its end tells nothing."""
    exact: bool = False
    """A tool of that form is always one of an MCP server, configured or not."""


class Actions(Fact):
    """How the client names its tools and modes, in whichever file they stand."""

    kinds: dict[ActionKind, tuple[str, ...]] = Field(default_factory=dict)
    """The client's own tools, by what they do; one of none of these is a `tool`."""
    mcp: tuple[McpName, ...] = ()
    bare_mcp: bool = False
    """Tools of MCP servers go by their bare names, and that they came back is all that is told: one that is none of the
    client's own and came back is one, with an unknown result."""
    mcp_errors_since: str = ""
    """Before this version what an MCP server called an error is noted like any other answer: there `ok` is unknown."""
    modes: dict[str, ApprovalMode] = Field(default_factory=dict)
    """The client's own words for its permission modes, and what each means; another word is `unknown`."""
    unasked: tuple[str, ...] = ()
    """Modes in which nobody is ever asked: what was carried out in one, was so unasked."""
