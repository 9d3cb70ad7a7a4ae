"""A first policy from what is there today, for a person to read and correct."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime

from agent.governance.supply_chain.server_policy import host_of
from agent.records import AiAgent, McpServer, Owner, Record
from collectors.launch.packages import package_name


def draft(records: Iterable[Record]) -> str:
    """A policy in TOML that tolerates today's agents and servers and sanctions none of them."""
    held = list(records)
    lines = [
        "# Drafted from an inventory: nothing here was decided by anybody. Set state to sanctioned or unsanctioned.",
        f'version = "{datetime.now(UTC):%Y-%m-%d}.draft"',
        "",
    ]
    for agent in sorted({r.agent for r in held if isinstance(r, AiAgent)}):
        lines += ["[[agent]]", f"id = {_text(agent)}", 'state = "tolerated"', 'role = "user"', ""]
    servers = {_server(r) for r in held if isinstance(r, McpServer)}
    for key, value in sorted(server for server in servers if server):
        lines += ["[[server]]", f"{key} = {_text(value)}", 'state = "tolerated"', ""]
    for name in sorted({r.owner for r in held if isinstance(r, Owner) and r.owner and r.account == "human"}):
        lines += ["[[owner]]", f"account = {_text(name)}", 'person = "?"', ""]
    return "\n".join(lines)


def _server(server: McpServer) -> tuple[str, str] | None:
    """What a rule would recognise the server by: its package, its host, else its launch hash."""
    if server.package:
        return "package", package_name(server.package)
    host = host_of(server)
    return ("host", host) if host else ("launch_hash", server.launch_hash) if server.command else None


def _text(value: str) -> str:
    """A basic TOML string; JSON's escapes are a subset of TOML's for what is printable."""
    return json.dumps(value, ensure_ascii=True)
