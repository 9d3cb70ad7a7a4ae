"""Records as rows of the tables that people read: the heads, and a function from record to cells for each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from agent.records import AiAgent, Artifact, Instance, McpServer, ModelProvider, Posture
from agent.reports.place import place_of

Row = tuple[str, ...]

AGENT = ("agent", "owner", "version", "installed", "running", "servers", "approvals", "worst")
SERVER = ("agent", "server", "transport", "package_or_target", "scope", "owner", "state", "worst")
LOOSE = ("agent", "owner", "where", "approvals", "sandbox", "set_by", "in")
UNDECLARED = ("server", "pid", "under", "owner")
REACH = ("what", "servers", "among_them")
ARTIFACT = ("agent", "name", "scope", "owner", "program", "file")
PROVIDER = ("agent", "provider", "models", "address", "scope", "owner", "file")
UNASKED = ("auto_approves", "bypasses")
_NAMED_WIDTH = 44


def order(record: AiAgent | McpServer) -> tuple[str, ...]:
    """By agent, name and account."""
    where = (record.source.path, record.source.key) if isinstance(record, McpServer) else ()
    return record.agent, record.name, record.owner or "", *where


def agent(agent: AiAgent, posture: Posture | None, worst: str | None = None) -> Row:
    """`posture`: what holds for it outside of projects."""
    installed, running = ("yes" if flag else "" for flag in (agent.installed, agent.running))
    mode = _words(posture.approval_mode) if posture else ""
    told = (agent.name, _owner(agent.owner), agent.version or "", installed, running, str(agent.servers), mode)
    return *told, worst or ""


def server(server: McpServer, worst: str | None = None) -> Row:
    """`worst`: the gravest that is open about it."""
    target = server.package or server.url or " ".join(filter(None, (server.command, *server.args)))
    scope = f"{server.scope} {server.project or server.extension or ''}".strip()
    told = (server.agent, server.name, server.transport, target, scope, _owner(server.owner), _state(server))
    return *told, worst or ""


def loose(posture: Posture) -> Row:
    """Who acts without asking, where, and what lets it."""
    seen = posture.basis == "observed"
    shown = " ".join(posture.flags) or posture.evidence.source if seen else posture.source and posture.source.path
    where = posture.project or ("" if seen else "everywhere")
    mode, sandbox = _words(posture.approval_mode), _words(posture.sandbox)
    return posture.agent, _owner(posture.owner), where, mode, sandbox, posture.set_by, shown or ""


def undeclared(instance: Instance) -> Row:
    """What runs without a definition."""
    return instance.package or instance.name, str(instance.pid), instance.agent or "", instance.owner or ""


def reach(servers: Iterable[McpServer]) -> list[Row]:
    """Per sort of data how many servers reach it, and some of what is reached; the most common first."""
    reached: dict[str, dict[str, None]] = {}
    counts: dict[str, int] = {}
    for server in servers:
        for kind in {source.kind for source in server.data}:
            counts[kind] = counts.get(kind, 0) + 1
        for source in server.data:
            reached.setdefault(source.kind, {})[source.target] = None
    return [
        (kind, str(count), some(list(reached[kind]))) for kind, count in sorted(counts.items(), key=lambda c: -c[1])
    ]


def artifact(artifact: Artifact) -> Row:
    """A skill, hook or plug-in, with the file that it stands in."""
    scope = f"{artifact.scope} {artifact.project or artifact.extension or ''}".strip()
    program = f"{artifact.program}{' (fetches)' if artifact.fetches else ''}" if artifact.program else ""
    place = place_of(artifact)
    return artifact.agent, artifact.name, scope, _owner(artifact.owner), program, place.text() if place else ""


def provider(provider: ModelProvider) -> Row:
    """Where an agent's models are, and which."""
    scope = f"{provider.scope} {provider.project or ''}".strip()
    place = place_of(provider)
    told = (provider.agent, provider.provider, ", ".join(provider.models), provider.base_url or "", scope)
    return *told, _owner(provider.owner), place.text() if place else ""


def some(names: Sequence[str]) -> str:
    """As many names as a cell has room for, and how many more there are."""
    shown = 1
    while shown < len(names) and len(", ".join(names[: shown + 1])) <= _NAMED_WIDTH:
        shown += 1
    return ", ".join(names[:shown]) + (f", and {len(names) - shown} more" if len(names) > shown else "")


def modes(postures: Iterable[Posture]) -> Mapping[tuple[str | None, str], Posture]:
    """What holds outside of projects, by account and client."""
    return {(p.owner, p.agent): p for p in postures if p.basis == "effective" and p.project is None}


def _owner(owner: str | None) -> str:
    return owner or "(machine)"


def _words(value: str | None) -> str:
    return (value or "").replace("_", " ")


def _state(server: McpServer) -> str:
    if server.running:
        return "running"
    return "disabled" if not server.enabled else "" if server.effective else "shadowed"
