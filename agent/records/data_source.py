"""What an MCP server reaches: files, databases, clouds, services."""

from typing import Literal

from agent.records.base import Part

DataKind = Literal["filesystem", "database", "cloud", "saas", "browser", "shell", "network", "memory"]
"""shell: commands on this machine or control of its containers or desktop; memory: notes it keeps by itself; network:
a host of no known service, or any web site."""


class DataSource(Part):
    """One thing that a server reads or writes. Never a credential."""

    kind: DataKind
    """What sort of thing it is."""
    target: str
    """A path, `engine host/database`, `cloud profile name`, a service's name or a host."""
    basis: Literal["declared", "observed"] = "declared"
    """declared: inferred from the definition; observed: a process of the server was connected to it."""
