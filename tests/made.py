"""Small ready-made records: only what a test is about needs to be said."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from agent.records import (
    AiAgent,
    Connection,
    Diagnostic,
    Evidence,
    Instance,
    McpServer,
    Owner,
    Posture,
    Source,
    Tool,
    ToolList,
)

SEEN = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
_BASE: dict[str, Any] = {"endpoint_id": "e", "owner": "dev", "observed_at": SEEN}


def _fields(collector: str, fields: dict[str, Any]) -> dict[str, Any]:
    return {**_BASE, "evidence": Evidence(collector=collector, source="/seen"), **fields}


def server(name: str = "files", path: str = "/home/dev/.demo.json", **fields: Any) -> McpServer:
    given = {"agent": "demo", "scope": "user", "transport": "stdio", "launch_hash": "0" * 64, **fields}
    return McpServer(**_fields("configs", {"name": name, "source": Source(path=path, key=f"s.{name}"), **given}))


def agent(id: str = "demo", **fields: Any) -> AiAgent:
    given = {"agent": id, "name": id.title(), "vendor": "Someone", "agent_kind": "cli", **fields}
    return AiAgent(**_fields("configs", given))


def instance(pid: int = 7, **fields: Any) -> Instance:
    given = {"subject": "agent", "agent": "demo", "name": "demo", "pid": pid, "pids": (pid,), "started_at": SEEN}
    return Instance(**_fields("processes", {**given, **fields}))


def connection(start: str, **fields: Any) -> Connection:
    return Connection(**_fields("sockets", {"relation": "listening", "from_id": start, **fields}))


def owner(name: str = "dev", **fields: Any) -> Owner:
    given = {"owner": name, "home": f"/home/{name}", "account": "human", **fields}
    return Owner(**_fields("host", given))


def diagnostic(code: str = "parse.json", **fields: Any) -> Diagnostic:
    return Diagnostic(**_fields("configs", {"code": code, "message": "it is wrong", **fields}))


def posture(**fields: Any) -> Posture:
    return Posture(**_fields("configs", {"agent": "demo", "basis": "configured", "set_by": "user", **fields}))


def tool_list(path: str = "/home/dev/.demo/tools.json", **fields: Any) -> ToolList:
    given = {"agent": "demo", "server": "files", "known_from": "cache", "complete": True, "whole": True, **fields}
    return ToolList(**_fields("tools", {"source": Source(path=path, key=given["server"]), **given}))


def tool(name: str = "read", **fields: Any) -> Tool:
    given = {"agent": "demo", "server": "files", "name": name, "known_from": "cache", "definition_hash": "0" * 64}
    return Tool(**_fields("tools", {**given, **fields}))
