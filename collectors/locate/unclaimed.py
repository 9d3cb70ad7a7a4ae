"""How a file is read that is named like a configuration of MCP servers and that no client is known to read."""

from __future__ import annotations

from collectors.catalog.catalog import Catalog
from collectors.locate.interest import Interest, Root

_FORMATS = {"toml": "toml", "yaml": "yaml", "yml": "yaml"}


def unclaimed(catalog: Catalog, path: str, root: Root | None) -> Interest | None:
    """The interest of the client that nobody knows; None in a catalog without one."""
    client = catalog.clients.get("unknown")
    kind, scope = _FORMATS.get(path.rpartition(".")[2].lower(), "json"), root.kind if root else "user"
    parts = [part for part in (client.config if client else ()) if part.format == kind]
    fitting = [part for part in parts if part.scope == scope] or parts
    return Interest(client, fitting[0], root) if client and fitting else None
