"""What a catalog entry may say about where it stands which tools servers offer. Value paths are those of `actions`."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from agent.records.tool_list import ToolSource
from collectors.catalog.actions import Condition, Paths, Table
from collectors.catalog.base import Entry, Fact, Format, Located


class NamedBeside(Entry):
    """A file that says which server the others in its folder, or below, are about."""

    path: str
    """Relative to the folder of the file with the tools, such as `../NAME.json`."""
    server: str
    """Key of the server's name there."""


class ToolsAt(Located, Fact):
    """Files that tell tools of servers: caches, logs, manifests, databases."""

    known_from: ToolSource
    shape: Literal["document", "lines", "table", "item", "archive"] = "document"
    """document: one file, one value. archive: a document in a ZIP archive. lines: a JSON value in each line. table:
    rows of an SQLite database. item: the value of one key in a table of keys and values, as VS Code keeps its state."""
    format: Format = "json"
    table: Table | None = None
    item: str = ""
    """The key of an `item`."""
    member: str = ""
    """The document of an `archive`."""
    contains: str = ""
    """Text without which a line is not looked at."""
    json_from: str = ""
    """For lines that are no JSON: where within the line it begins; what follows it does not matter."""
    from_start: bool = False
    """For lines: whether the beginning is read, not the end."""
    newest: int = 2_000
    """Files of one account that are read, those written last."""
    below: str = ""
    """Key path of the values that are told apart from each other; each `*` in it counts on after those of the path."""
    when: dict[str, Condition] = Field(default_factory=dict)
    """What must hold of a document, line or row."""
    each: Paths = ""
    """Leads to the tools: tables as in an answer to `tools/list`, or bare names."""
    where: dict[str, Condition] = Field(default_factory=dict)
    """What must hold of a tool."""
    server: Paths = ""
    """The server's name; without one, and without `beside`, it is part of the tool's name."""
    server_pattern: str = ""
    """Takes the name out of a longer text: its group."""
    beside: NamedBeside | None = None
    members: dict[Literal["name", "title", "description", "inputSchema", "outputSchema", "annotations"], Paths] = Field(
        default_factory=dict
    )
    """Members of a definition that stand elsewhere than the protocol has them."""
    at: Paths = ""
    """When it was so, RFC 3339 or milliseconds; without one, when the file was written."""
    complete: bool = False
    """Whether it is all that the server offers."""
    whole: bool = False
    """Whether it keeps every member of a definition that the server gave."""

    @property
    def joined(self) -> bool:
        """Whether the server's name is part of the tool's."""
        return not self.server and self.beside is None
