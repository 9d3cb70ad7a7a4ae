"""Which MCP server and tool a client's name of a tool means, as far as the definitions decide it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple, cast

from agent.records import McpServer
from agent.records.action import Resolved
from collectors.catalog.actions import McpName
from collectors.catalog.client import Client
from collectors.contract import Context
from collectors.sources.account import Home

_REPLACED = {"all": r"[^A-Za-z0-9_]", "other": r"[^A-Za-z0-9_-]", "runs": r"[^A-Za-z0-9_-]"}


class Meant(NamedTuple):
    server: str | None
    tool: str | None
    resolved: Resolved


def defined_servers(context: Context, home: Home, client: Client) -> dict[str, str]:
    """Names of the servers that are defined for a client and account, by what the client calls them."""
    servers = cast(Iterable[McpServer], context.view.records("mcp_server"))
    mine = [server for server in servers if server.agent == client.id and server.owner in (home.owner, None)]
    return {called: server.name for server in mine for called in server.called}


def resolve(name: str, forms: tuple[McpName, ...], servers: Mapping[str, str]) -> Meant | None:
    """What a tool's name means; None where it is no tool of an MCP server, or nothing tells that it is one. `servers`:
    names of definitions by what the client calls them."""
    fitting = {
        (server, name[len(start) :])
        for form in forms
        for called, server in servers.items()
        if name.startswith(start := form.prefix + _spelled(called, form) + form.separator) and len(name) > len(start)
    }
    if fitting:
        # `team_kb_find` fits a server `team` too: the longest name that is configured is the one that was called.
        shortest = min(len(tool) for _, tool in fitting)
        longest = {pair for pair in fitting if len(pair[1]) == shortest}
        server, tool = next(iter(longest))
        whole = None if any(0 < form.cut_at <= len(name) for form in forms) else tool
        return Meant(server, whole, "definition") if len(longest) == 1 else Meant(None, whole, "ambiguous")
    return next((meant for form in forms if form.exact and (meant := _taken_apart(name, form))), None)


def tool_of(name: str | None, server: str, forms: tuple[McpName, ...]) -> str | None:
    """What a server that is known calls its tool; None where the client's name for it may be cut or changed."""
    for form in forms if name else ():
        start = form.prefix + _spelled(server, form) + form.separator
        if name and name.startswith(start) and len(name) > len(start):
            return name[len(start) :]
    if name and any(form.prefix and name.startswith(form.prefix) and len(form.separator) == 1 for form in forms):
        return None
    return name.rpartition("__")[2] if name else None


def _taken_apart(name: str, form: McpName) -> Meant | None:
    """Server and tool by the name alone: the server's name only where its spelling is its own."""
    if not name.startswith(form.prefix):
        return None
    server, separator, tool = name[len(form.prefix) :].partition(form.separator)
    if not (server and separator and tool):
        return None
    unclear = len(form.separator) == 1 and form.separator in tool
    if unclear or (form.mangled and "_" in server):
        return Meant(None, None if unclear else tool, "ambiguous")
    return Meant(server, tool, "name")


def _spelled(server: str, form: McpName) -> str:
    if form.mangled == "dash":
        return server.replace("-", "_")
    if form.mangled in _REPLACED:
        server = re.sub(_REPLACED[form.mangled], "_", server)
    return re.sub("_+", "_", server) if form.mangled == "runs" else server
