"""Where an agent's models are hosted, as its configuration says."""

from typing import ClassVar, Literal

from agent.records.base import Record
from agent.records.mcp_server import DefinitionScope, Source


class ModelProvider(Record):
    """One provider that one client is configured to use. Keys and tokens are never read."""

    kind: Literal["model_provider"] = "model_provider"
    agent: str
    """Catalog id of the client."""
    provider: str
    """The client's own id of the provider, such as `anthropic` or the name of a custom entry."""
    scope: DefinitionScope
    """Whose configuration says so."""
    project: str | None = None
    """Folder of the project for scopes `project` and `local`."""
    base_url: str | None = None
    """Redacted; null where the client's built-in address is used."""
    models: tuple[str, ...] = ()
    """Default or listed models."""
    source: Source
    """Where it stands."""

    IDENTITY: ClassVar[tuple[str, ...]] = ("owner", "agent", "provider", "source.path", "source.key")
