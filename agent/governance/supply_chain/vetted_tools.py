"""Servers that are vetted by the definitions of their tools: one that offers another tool is another server."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from agent.governance.policy.model import ServerRule
from agent.records import McpServer, Record, Tool
from agent.records.ai_agent import Sanction


class OfferedTools:
    """The tools that servers offer, by the definition of the server."""

    def __init__(self, records: Iterable[Record]) -> None:
        self._tools: dict[str, list[Tool]] = {}
        for record in records:
            if record.kind == "tool" and isinstance(record, Tool) and record.state != "gone":
                for server_id in record.server_ids:
                    self._tools.setdefault(server_id, []).append(record)

    def of(self, server: McpServer) -> tuple[Tool, ...]:
        """What this one offers, as far as it is known."""
        return tuple(self._tools.get(server.id, ()))


def sanction_by(rule: ServerRule, tools: Sequence[Tool]) -> Sanction:
    """What the rule says of a server with these tools."""
    if not rule.tools or rule.state == "unsanctioned":
        return rule.state
    if any(unvetted(rule, tools)):
        return "unsanctioned"
    # Of what cannot be compared nobody can say that it was vetted.
    return rule.state if tools and all(tool.definition_hash for tool in tools) else "unknown"


def unvetted(rule: ServerRule, tools: Iterable[Tool]) -> Iterator[Tool]:
    """Tools whose definition nobody vetted."""
    return (tool for tool in tools if tool.definition_hash and tool.definition_hash not in rule.tools)
