"""Edges from servers to what their tools seem to do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from agent.records import Connection, Evidence, McpServer, Tool
from agent.records.tool_list import Effect

_MOST_NAMED = 10
_FIRST = ("allowed", "unknown", "ask")
_UNASKED = {"allowed": True, "ask": False}


def effects(tools: Iterable[Tool], servers: Mapping[str, McpServer]) -> Iterator[Connection]:
    """One edge for each definition and class of effect; what the model never sees, or is refused, reaches nothing."""
    found: dict[tuple[str, Effect], list[Tool]] = {}
    for tool in tools:
        for server_id in tool.server_ids if tool.exposure in _FIRST else ():
            for effect in tool.effects:
                found.setdefault((server_id, effect), []).append(tool)
    for (server_id, effect), own in found.items():
        if server := servers.get(server_id):
            yield _edge(server, effect, sorted(own, key=lambda tool: (_FIRST.index(tool.exposure), tool.name)))


def _edge(server: McpServer, effect: Effect, tools: list[Tool]) -> Connection:
    return Connection(
        endpoint_id=server.endpoint_id,
        owner=server.owner,
        observed_at=tools[0].observed_at,
        evidence=Evidence(collector="rollcall", source=tools[0].evidence.source, confidence="inferred"),
        relation="reaches",
        from_id=server.id,
        to_id=f"effect:{effect}",
        effect=effect,
        tools=tuple(tool.name for tool in tools[:_MOST_NAMED]),
        unasked=_UNASKED.get(tools[0].exposure),
    )
