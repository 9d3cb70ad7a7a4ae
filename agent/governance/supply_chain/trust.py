"""The trust posture of a server: where its program comes from, whether its publisher is known, what the policy says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial

from agent.governance.policy.model import Policy
from agent.governance.supply_chain.mcp_registry import Registered
from agent.governance.supply_chain.server_policy import server_rule
from agent.governance.supply_chain.vetted_tools import OfferedTools, sanction_by
from agent.records import McpServer, Record, Tool
from agent.records.mcp_server import ProgramOrigin
from agent.runtime.memo import DerivationCache

_GIT = ("github", "gitlab", "bitbucket", "generic")
_IMAGES = ("oci", "docker")


def trusted(
    records: Mapping[str, Record], policy: Policy, registered: Registered, memo: DerivationCache
) -> Iterator[McpServer]:
    """Every server with its trust posture."""
    offered = OfferedTools(records.values()) if any(rule.tools for rule in policy.server) else None
    for server in records.values():
        if isinstance(server, McpServer):
            tools = offered.of(server) if offered else ()
            told = partial(_trusted, server, policy, registered, tools)
            yield memo.get(("trust", server.id), (server, policy, registered, *tools), told)


def _trusted(server: McpServer, policy: Policy, registered: Registered, tools: tuple[Tool, ...]) -> McpServer:
    rule = server_rule(server, policy)
    known = registered.knows(server)
    sanction = sanction_by(rule, tools) if rule else "unknown"
    return server.changed(origin=origin(server), publisher_known=known, sanction=sanction)


def origin(server: McpServer) -> ProgramOrigin:
    """Where the program comes from that a definition starts, or talks to."""
    if server.url or server.remote_url:
        return "remote"
    kind = (server.package or "").removeprefix("pkg:").partition("/")[0]
    if kind in _GIT:
        return "git"
    if kind in _IMAGES:
        return "container"
    return "registry" if kind else "local" if server.command else "unknown"
