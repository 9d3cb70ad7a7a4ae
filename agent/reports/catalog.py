"""`rollcall catalog`: what is known of the AI clients, for a terminal and for the README's table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from collectors.catalog.base import Fact
from collectors.catalog.catalog import Catalog
from collectors.catalog.client import Client, ConfigFile, SignedIn

_SYSTEMS = ("linux", "macos", "windows")
_LETTERS = {"linux": "L", "macos": "M", "windows": "W"}
_SCOPES = ("managed", "user", "local", "project", "extension")


def lines(catalog: Catalog) -> Iterator[str]:
    """A line per client: id, kind, name and vendor."""
    width = max(map(len, catalog.clients), default=0)
    for client in catalog.clients.values():
        former = f", formerly {', '.join(client.formerly)}" if client.formerly else ""
        yield f"{client.id:<{width}}  {client.kind:<9}  {client.name} ({client.vendor}{former})"


def details(client: Client) -> Iterator[str]:
    """Everything the entry says, with where each fact comes from."""
    yield f"{client.name} ({client.id}), {client.vendor}, {client.kind}"
    if client.formerly:
        yield f"  formerly: {', '.join(client.formerly)}"
    for title, facts in (
        ("config", client.config),
        ("installed", client.install),
        ("roots", client.roots),
        ("artifact", client.artifact),
        ("provider", client.provider),
        ("signed in", client.signed_in),
    ):
        for fact in facts:
            yield f"  {title} {_about(fact)}"
            for system in ("paths", *_SYSTEMS):
                yield from (f"    {path}  ({system})" for path in getattr(fact, system))
            yield f"    from {fact.source}, {fact.checked}, {fact.confidence}"
    signs = (*client.process.exe, *client.process.packages, *client.process.paths)
    if signs:
        yield f"  process: {', '.join(signs)}"
    if client.process.shown:
        yield f"  arguments told: {', '.join(client.process.shown)}"


def _about(fact: object) -> str:
    parts = [getattr(fact, name, None) for name in ("kind", "scope", "format")]
    places = [servers.at or "(document)" for servers in getattr(fact, "servers", ())]
    places += [fact.at] if isinstance(fact, SignedIn) else []
    return " ".join(str(part) for part in (*parts, *places) if part)


def table(catalog: Catalog) -> str:
    """The README's table in Markdown: per client and scope the systems, what is read, and how that is known."""
    head = "| client | id | " + " | ".join(_SCOPES) + " | tools seen in | also read | verified |\n"
    head += "|---" * (len(_SCOPES) + 5) + "|\n"
    return head + "".join(_row(client) + "\n" for client in catalog.clients.values())


def _row(client: Client) -> str:
    cells = [_systems(config for config in client.config if _in_scope(config, scope)) for scope in _SCOPES]
    more = sorted({f"{artifact.kind}s" for artifact in client.artifact})
    if client.provider:
        more.append("model providers")
    if client.manifest:
        more.append("project manifests")
    if client.signed_in:
        more.append("who is signed in")
    if client.actions:
        more.append("actions" if client.actions.confidence == "verified" else "actions (reported)")
    facts: list[Fact] = [*client.config, *client.roots, *client.install, *client.artifact, *client.provider]
    facts += (*client.manifest, *client.signed_in, *client.tools)
    verified = sum(fact.confidence == "verified" for fact in facts)
    name = client.name.replace("|", "/")
    cells += (_tools(client), ", ".join(more) or "-")
    return f"| {name} | `{client.id}` | {' | '.join(cells)} | {verified}/{len(facts)} |"


def _tools(client: Client) -> str:
    """Where tools of servers are seen without asking them."""
    kinds = {part.known_from: part.confidence for part in client.tools}
    return ", ".join(kind if told == "verified" else f"{kind} (reported)" for kind, told in kinds.items()) or "-"


def _in_scope(config: ConfigFile, scope: str) -> bool:
    return any((servers.scope or config.scope) == scope for servers in config.servers)


def _systems(configs: Iterable[ConfigFile]) -> str:
    found = {system for config in configs for system in _SYSTEMS if config.on(system)}
    return "".join(_LETTERS[system] for system in _SYSTEMS if system in found) or "-"
