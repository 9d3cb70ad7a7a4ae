"""Which tools of MCP servers agents called: that they exist, how often they were called, and when last."""

from __future__ import annotations

from agent.governance.behaviour.profile import Key, Profile
from agent.records import Evidence, Source, ToolList, ToolUse
from collectors.contract import Context
from collectors.tools.definition import ToolAsRead, digest


def tool_uses(context: Context, key: Key, profile: Profile) -> tuple[ToolList, ...]:
    """A list for each server whose tools were called, as far as they are known by name."""
    owner, agent, project = key
    servers: dict[str, list[ToolUse]] = {}
    for use in profile.tool_uses.values():
        servers.setdefault(use.server, []).append(ToolUse(use.tool, use.times, use.last_at))
    return tuple(
        ToolList(
            endpoint_id=context.endpoint_id,
            owner=owner or None,
            evidence=Evidence(collector="actions", confidence="confirmed"),
            agent=agent,
            server=server,
            known_from="transcript",
            complete=False,
            whole=False,
            at=max(use.last for use in uses),
            source=Source(path=f"<actions of {agent} in {project}>", key=server),
            tools=tuple(digest(ToolAsRead(use.name)) for use in uses),
            uses=tuple(uses),
        )
        for server, uses in servers.items()
    )
