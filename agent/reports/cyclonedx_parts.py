"""Records as the components and services of a bill of materials, and what depends on what."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar
from urllib.parse import quote, urlsplit

from agent.records import (
    AiAgent,
    Artifact,
    Connection,
    Endpoint,
    Instance,
    McpServer,
    ModelProvider,
    Record,
    Tool,
)
from agent.runtime.hosts import is_loopback

Json = dict[str, Any]
R = TypeVar("R", bound=Record)

_ELSEWHERE = ("saas", "cloud", "network")
_HASHED_FILES = ("subagent", "command", "rule")
"""Artifacts whose hash is that of one file; that of a skill is of a folder, that of a hook of an entry."""


class Parts:
    """Everything that is listed, by its reference."""

    def __init__(self, records: Sequence[Record]) -> None:
        self.components: dict[str, Json] = {}
        self.services: dict[str, Json] = {}
        self._needs: dict[str, dict[str, None]] = {}
        self.device = next((r.id for r in records if isinstance(r, Endpoint)), "endpoint")
        self._tools = _by_server(_of(records, Tool))
        self._agents = {(agent.owner, agent.agent): agent.id for agent in _of(records, AiAgent)}
        for agent in _of(records, AiAgent):
            self.components[agent.id] = _agent(agent)
            self._need(self.device, agent.id)
        for server in _of(records, McpServer):
            self._server(server)
        for instance in _of(records, Instance):
            if instance.subject == "mcp_server" and not instance.server_ids:
                self._undefined(instance)
        for provider in _of(records, ModelProvider):
            self._provider(provider)
        for artifact in _of(records, Artifact):
            self.components[artifact.id] = _artifact(artifact)
            self._need_of_agent(artifact.owner, artifact.agent, artifact.id)
        for connection in _of(records, Connection):
            if connection.relation == "serves" and connection.to_id in self.services:
                self._need(connection.from_id, connection.to_id)

    def dependencies(self) -> Iterator[Json]:
        """Of each part what it depends on, in the order of the parts."""
        for ref in (self.device, *self.components, *self.services):
            yield {"ref": ref, "dependsOn": list(self._needs.get(ref, ()))}

    def _server(self, server: McpServer) -> None:
        self.services[server.id] = _server(server, self._tools.get(server.id, ()))
        self._need_of_agent(server.owner, server.agent, server.id)
        if server.package:
            self._package(server.id, server.package)
        if server.launch_file:
            ref = f"file:{server.launch_file.path}"
            self.components.setdefault(ref, _file(ref, server))
            self._need(server.id, ref)

    def _undefined(self, instance: Instance) -> None:
        told = {"owner": instance.owner, "agent": instance.agent, "definition": "none", "running": True}
        self.services[instance.id] = {
            "bom-ref": instance.id,
            "name": instance.package or instance.name,
            "properties": properties({**told, "pid": instance.pid, "program": instance.exe}),
        }
        if instance.package:
            self._package(instance.id, instance.package)
        self._need_of_agent(instance.owner, instance.agent, instance.id)

    def _provider(self, provider: ModelProvider) -> None:
        told = {"owner": provider.owner, "agent": provider.agent, "scope": provider.scope, **_standing(provider)}
        service: Json = {"bom-ref": provider.id, "name": provider.provider}
        self.services[provider.id] = service | _reached(provider.base_url) | {"properties": properties(told)}
        self._need_of_agent(provider.owner, provider.agent, provider.id)
        for model in provider.models:
            ref = f"model:{provider.provider}/{model}"
            told = {"provider": provider.provider}
            model_part = {"type": "machine-learning-model", "bom-ref": ref, "name": model}
            self.components.setdefault(ref, model_part | {"properties": properties(told)})
            self._need(provider.id, ref)

    def _package(self, of: str, purl: str) -> None:
        self.components.setdefault(purl, _package(purl))
        self._need(of, purl)

    def _need_of_agent(self, owner: str | None, agent: str | None, ref: str) -> None:
        """Of what no listed agent holds, the machine is the one that depends on it."""
        self._need(self._agents.get((owner, agent or ""), self.device), ref)

    def _need(self, ref: str, needed: str) -> None:
        if ref != needed:
            self._needs.setdefault(ref, {})[needed] = None


def properties(told: Mapping[str, object]) -> list[Json]:
    """Name and value of each that has one; names of ours, as the format's taxonomy wants them."""
    return [
        {"name": f"rollcall:{name}", "value": ("true" if value else "false") if isinstance(value, bool) else str(value)}
        for name, value in told.items()
        if value is not None and value != ""
    ]


def _agent(agent: AiAgent) -> Json:
    told = {
        "agent": agent.agent,
        "owner": agent.owner,
        "kind": agent.agent_kind,
        "installed": agent.installed,
        "running": agent.running,
        "sanction": agent.sanction,
        "role": agent.role,
        "accountable": agent.accountable,
    }
    part: Json = {
        "type": "framework" if agent.agent_kind == "framework" else "application",
        "bom-ref": agent.id,
        "name": agent.name,
        "manufacturer": {"name": agent.vendor},
        "properties": properties(told),
    }
    if agent.version:
        part["version"] = agent.version[:1024]
    if agent.paths:
        part["evidence"] = {"occurrences": [{"location": path} for path in agent.paths]}
    return part


def _server(server: McpServer, tools: Sequence[Tool]) -> Json:
    told = {
        "agent": server.agent,
        "owner": server.owner,
        "scope": server.scope,
        "project": server.project,
        "extension": server.extension,
        "transport": server.transport,
        "command": " ".join((server.command, *server.args)) if server.command else None,
        "pinned": server.pinned,
        "environment": " ".join(server.env_names),
        "headers": " ".join(server.header_names),
        "clearTextSecret": server.inline_secret,
        "enabled": server.enabled,
        "effective": server.effective,
        "running": server.running,
        "origin": server.origin,
        "sanction": server.sanction,
        "accountable": server.accountable,
        "launchHash": server.launch_hash,
        **_standing(server),
    }
    part: Json = {"bom-ref": server.id, "name": server.name, **_reached(server.remote_url or server.url)}
    if "x-trust-boundary" not in part and any(source.kind in _ELSEWHERE for source in server.data):
        part["x-trust-boundary"] = True
    if server.data:
        part["data"] = [
            {"flow": "unknown", "classification": "unknown", "name": f"{s.kind}: {s.target}", "description": s.basis}
            for s in server.data
        ]
    if tools:
        part["services"] = [_tool(tool, server.id) for tool in tools]
    return part | {"properties": properties(told)}


def _tool(tool: Tool, server: str) -> Json:
    told = {
        "part": "tool",
        "title": tool.title,
        "definitionHash": tool.definition_hash,
        "declared": " ".join(tool.hints),
        "effects": " ".join(tool.effects),
        "exposure": tool.exposure,
        "state": tool.state,
    }
    # A tool may belong to several definitions of one name; a reference stands once.
    return {"bom-ref": f"{tool.id}@{server}", "name": tool.name, "properties": properties(told)}


def _package(purl: str) -> Json:
    from packageurl import PackageURL

    try:
        package = PackageURL.from_string(purl)
    except ValueError:
        return {"type": "application", "bom-ref": purl, "name": purl}
    kind = "container" if package.type in ("docker", "oci") else "application"
    part: Json = {"type": kind, "bom-ref": purl, "name": package.name, "purl": purl}
    if package.namespace:
        part["group"] = package.namespace
    if package.version:
        part["version"] = package.version[:1024]
    if package.version and package.version.startswith("sha256:"):
        part["hashes"] = [{"alg": "SHA-256", "content": package.version.removeprefix("sha256:")}]
    return part


def _file(ref: str, server: McpServer) -> Json:
    file = server.launch_file
    assert file is not None
    part: Json = {"type": "file", "bom-ref": ref, "name": file.path}
    if file.content_hash:
        part["hashes"] = [{"alg": "SHA-256", "content": file.content_hash}]
    return part | {"properties": properties({"exists": file.exists, "writableBy": file.writable_by})}


def _artifact(artifact: Artifact) -> Json:
    told = {
        "artifact": artifact.artifact,
        "agent": artifact.agent,
        "owner": artifact.owner,
        "scope": artifact.scope,
        "project": artifact.project,
        "extension": artifact.extension,
        "program": artifact.program,
        **_standing(artifact),
    }
    part: Json = {"type": "file", "bom-ref": artifact.id, "name": artifact.name}
    if artifact.content_hash and artifact.artifact in _HASHED_FILES and not artifact.source.key:
        part["hashes"] = [{"alg": "SHA-256", "content": artifact.content_hash}]
    else:
        told["contentHash"] = artifact.content_hash
    return part | {"properties": properties(told)}


def _standing(record: McpServer | Artifact | ModelProvider) -> dict[str, str]:
    return {"file": record.source.path, "key": record.source.key}


def _reached(url: str | None) -> Json:
    """Where a service answers, and whether a call of it leaves this machine; nothing where that is not known."""
    if not url:
        return {}
    reached: Json = {"endpoints": [quote(url, safe=":/?#[]@!$&'()*+,;=%-._~")]}
    try:
        host = urlsplit(url).hostname
    except ValueError:
        return reached
    return reached | {"x-trust-boundary": not is_loopback(host)} if host else reached


def _of(records: Iterable[Record], kind: type[R]) -> list[R]:
    return [record for record in records if isinstance(record, kind)]


def _by_server(tools: Iterable[Tool]) -> dict[str, list[Tool]]:
    found: dict[str, list[Tool]] = {}
    for tool in tools:
        for id_ in tool.server_ids:
            found.setdefault(id_, []).append(tool)
    return found
