"""What servers answered when they were asked for their tools, for a person and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from agent.probe.messages import Answer
from agent.records import McpServer, ToolDigest
from agent.reports.columns import columns

_HASH = 12


@dataclass(frozen=True, slots=True)
class Probed:
    """One server and its answer."""

    server: McpServer
    answer: Answer


def lines(subject: Sequence[Probed]) -> Iterator[str]:
    """A line a tool below a line a server."""
    for one in subject:
        answer, name = one.answer, f"{one.server.name} in {one.server.agent}"
        if answer.kind == "failed":
            yield f"{name}: not known: {answer.reason}"
            yield from (f"  it said: {line}" for line in answer.said.splitlines()[-5:])
        else:
            more = "" if answer.complete else ", and more"
            yield f"{name}: {len(answer.tools)} tools{more} (MCP {answer.protocol})"
            if answer.tools:
                yield from columns(("  TOOL", "DECLARED", "SIZE", "HASH", "HIDES"), map(_row, answer.tools))
        yield from (f"  {note}" for note in answer.notes)


def as_json(subject: Sequence[Probed]) -> Iterator[str]:
    """A document a server."""
    for one in subject:
        server, answer = one.server, one.answer
        tools = [{**tool._asdict(), "marks": [mark.model_dump() for mark in tool.marks]}
                 for tool in answer.tools]  # fmt: skip
        yield json.dumps({
            "server": server.name, "agent": server.agent, "owner": server.owner, "server_id": server.id,
            "kind": answer.kind, "reason": answer.reason, "protocol": answer.protocol, "complete": answer.complete,
            "notes": answer.notes, "tools": tools,
        })  # fmt: skip


def _row(tool: ToolDigest) -> tuple[str, ...]:
    declared = [hint.replace("_", " ") for hint in tool.hints]
    hides = ", ".join(sorted({mark.mark for mark in tool.marks}))
    size, digest = str(tool.size or "-"), (tool.definition_hash or "-")[:_HASH]
    return f"  {tool.name}", ", ".join(declared) or "-", size, digest, hides or "-"
