"""The trust posture of a server: where its program comes from, whether its publisher is known, what the policy says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial

from agent.governance.policy.model import Policy
from agent.governance.supply_chain.mcp_registry import Registered
from agent.governance.supply_chain.server_policy import server_rule
from agent.records import McpServer, Record
from agent.records.mcp_server import ProgramOrigin
from agent.runtime.memo import DerivationCache

_GIT = ("github", "gitlab", "bitbucket", "generic")
_IMAGES = ("oci", "docker")


def trusted(
    records: Mapping[str, Record], policy: Policy, registered: Registered, memo: DerivationCache
) -> Iterator[McpServer]:
    """Every server with its trust posture."""
    for server in records.values():
        if isinstance(server, McpServer):
            told = partial(_trusted, server, policy, registered)
            yield memo.get(("trust", server.id), (server, policy, registered), told)


def _trusted(server: McpServer, policy: Policy, registered: Registered) -> McpServer:
    rule = server_rule(server, policy)
    known = registered.knows(server)
    return server.changed(origin=origin(server), publisher_known=known, sanction=rule.state if rule else "unknown")


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
