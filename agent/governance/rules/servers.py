"""Rules about MCP servers: whether they are vetted, how firmly they are named, where they connect to, what runs."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase
from itertools import islice
from posixpath import normpath

from agent.governance.rules.rule import Rule, RuleContext, proof
from agent.governance.supply_chain.known_bad import worst
from agent.governance.supply_chain.server_policy import (
    host_of,
    identity,
    in_use,
    launch_words,
    server_rule,
)
from agent.governance.supply_chain.vetted_tools import unvetted
from agent.records import Instance, McpServer, Proof
from agent.records.finding import Severity
from collectors.launch.container import remote_engine
from collectors.launch.identify import split_command
from collectors.launch.shell_lines import fetches_and_runs, opens_shell, shell_option
from collectors.reach.data_sources import data_sources
from collectors.reach.this_machine import is_this_machine
from collectors.reach.wide_paths import wide

_MOST_TOOLS = 10
"""That are named in one finding."""


def _unsanctioned(server: McpServer, facts: RuleContext) -> Iterable[Proof]:
    rule = server_rule(server, facts.policy) if server.sanction == "unsanctioned" else None
    if rule and rule.state == "unsanctioned":
        yield proof("the policy does not sanction this server", rule.package or rule.host or rule.name)
    elif rule:
        for tool in islice(unvetted(rule, facts.offered_tools.of(server)), _MOST_TOOLS):
            yield proof(f"the tool {tool.name} is none that was vetted: its definition is", tool.definition_hash)


def _unvetted(server: McpServer, facts: RuleContext) -> Iterable[Proof]:
    if facts.policy.given and server.sanction == "unknown":
        local = server.origin == "local"
        yield proof(
            "no entry of the policy matches", (launch_words(server) if local else identity(server)) or server.name
        )


def _unregistered(server: McpServer, facts: RuleContext) -> Iterable[Proof]:
    if in_use(server) and server.publisher_known is False and server.sanction not in ("sanctioned", "tolerated"):
        yield proof("the MCP registry does not know", identity(server))


def _floating(server: McpServer, facts: RuleContext) -> Iterable[Proof]:
    if in_use(server) and server.package and server.pinned is False:
        yield proof("package without an exact version", server.package)


def _no_identity(server: McpServer, facts: RuleContext) -> Iterable[Proof]:
    if in_use(server) and server.transport == "stdio" and not server.package and server.command:
        yield proof("local program of unknown origin", launch_words(server))


def _undefined(server: McpServer, facts: RuleContext) -> Iterable[Proof]:
    if in_use(server) and server.transport == "unknown":
        yield proof("neither command nor URL", server.source.key)


def _plain_http(server: McpServer, facts: RuleContext) -> Iterable[Proof]:
    url = server.url or server.remote_url or ""
    host = host_of(server)
    if in_use(server) and url.lower().startswith(("http://", "ws://")) and host and not is_this_machine(host):
        yield proof("not encrypted", host)
    if in_use(server) and (engine := remote_engine(server.command, server.args)):
        yield proof("container engine asked without encryption", engine)


def _inline_secret(server: McpServer, facts: RuleContext) -> Iterable[Proof]:
    if server.inline_secret:
        yield proof("a secret in clear text in", server.source.path)


def _egress(server: McpServer, facts: RuleContext) -> Iterable[Proof]:
    host, allowed = host_of(server), facts.policy.egress.allow
    if not (in_use(server) and allowed and host) or is_this_machine(host):
        return
    if not any(fnmatchcase(host, a) for a in allowed):
        yield proof("remote host outside the allowed ones", host)


def _missing(server: McpServer, facts: RuleContext) -> Iterable[Proof]:
    if in_use(server) and server.launch_file and not server.launch_file.exists:
        yield proof("the program it names does not exist", server.launch_file.path)


def _piped(server: McpServer, facts: RuleContext) -> Iterable[Proof]:
    if in_use(server) and fetches_and_runs(" ".join((server.command or "", *server.args))):
        yield proof("downloads and runs a script at every start", server.command)


def _remote_shell(server: McpServer, facts: RuleContext) -> Iterable[Proof]:
    if in_use(server) and opens_shell(" ".join((server.command or "", *server.args))):
        yield proof("opens a shell to somebody on the network", server.command)


def _shell_line(server: McpServer, facts: RuleContext) -> Iterable[Proof]:
    option = shell_option(split_command(server.command or "", server.args)) if in_use(server) else None
    if option:
        yield proof(f"hands a line to a shell with {option}", launch_words(server))


def _known_bad(server: McpServer, facts: RuleContext) -> Iterable[Proof]:
    for bad in facts.known_bad.of(server) if in_use(server) else ():
        yield proof(f"{bad.why} ({bad.source}, {bad.date})", server.package)


def _how_bad(server: McpServer, facts: RuleContext) -> Severity | None:
    return worst(facts.known_bad.of(server))


def _injected(server: McpServer, facts: RuleContext) -> Iterable[Proof]:
    if in_use(server):
        yield from (
            proof("loads other code into what it starts, or sends it elsewhere", name) for name in server.injects
        )


def _bridge(server: McpServer, facts: RuleContext) -> Iterable[Proof]:
    host = host_of(server)
    if in_use(server) and server.remote_url and not (host and is_this_machine(host)):
        yield proof("local bridge to", host or server.remote_url)


def _shadow(instance: Instance, facts: RuleContext) -> Iterable[Proof]:
    # What a defined server starts itself, as gateways and scripts do, is part of it.
    if instance.subject == "mcp_server" and not instance.server_ids and not instance.server_instance_id:
        yield proof("runs without a definition", instance.package or instance.exe)


def _wider(instance: Instance, facts: RuleContext) -> Iterable[Proof]:
    defined = [facts.records.get(server_id) for server_id in instance.server_ids]
    servers = [server for server in defined if isinstance(server, McpServer) and server.command]
    allowed = [source.target for server in servers for source in server.data if source.kind == "filesystem"]
    if not servers or not all(map(_is_absolute, allowed)):
        return
    for source in data_sources(instance.exe, instance.args, instance.package, None, ()):
        if source.kind == "filesystem" and _is_absolute(source.target) and not _within(source.target, allowed):
            what = wide(source.target)
            yield proof(
                f"may reach {f'a whole {what}' if what in ('disk', 'home') else 'what no definition names'}",
                source.target,
            )


def _is_absolute(path: str) -> bool:
    """Whether it says by itself where it lies: placeholders are filled in by the client."""
    return path.startswith("/") and "$" not in path and "{" not in path


def _within(path: str, folders: Iterable[str]) -> bool:
    path = normpath(path)
    return any(path == folder or path.startswith(folder.rstrip("/") + "/") for folder in map(normpath, folders))


def _as_root(instance: Instance, facts: RuleContext) -> Iterable[Proof]:
    if instance.subject == "mcp_server" and instance.euid == 0:
        yield proof("effective user id", 0)


def _disabled_runs(instance: Instance, facts: RuleContext) -> Iterable[Proof]:
    defined = [facts.records.get(server_id) for server_id in instance.server_ids]
    servers = [server for server in defined if isinstance(server, McpServer)]
    if servers and not any(server.enabled for server in servers):
        yield proof("runs although disabled in", servers[0].source.path)


_SUPPLIER = ("A.10", "A.4")

RULES = (
    Rule("server.unsanctioned", "MCP server forbidden by policy", "high", "mcp_server", _SUPPLIER,
         "Remove the server, or sanction it in the policy after an assessment.", _unsanctioned),
    Rule("server.unvetted", "MCP server not vetted", "medium", "mcp_server", _SUPPLIER,
         "Assess the server and add it to the policy.", _unvetted),
    Rule("server.unregistered", "MCP server of unknown publisher", "low", "mcp_server", ("A.10",),
         "Find out who publishes it, and vet it or replace it.", _unregistered),
    Rule("server.floating", "MCP server version not pinned", "medium", "mcp_server", ("A.10", "A.6"),
         "Name an exact version, a commit or an image digest.", _floating),
    Rule("server.no_identity", "MCP server of unknown origin", "low", "mcp_server", ("A.10",),
         "Run the server from a published package, or add its launch hash to the policy.", _no_identity),
    Rule("server.undefined", "MCP server entry without command or URL", "low", "mcp_server", ("A.4",),
         "Complete or remove the entry.", _undefined),
    Rule("server.plain_http", "Remote MCP server without encryption", "high", "mcp_server", ("A.7", "A.10"),
         "Use https.", _plain_http),
    Rule("server.inline_secret", "Clear-text secret in an MCP server definition", "high", "mcp_server",
         ("A.7", "A.6"), "Move the secret to a secret store and name a variable in its place; replace the secret.",
         _inline_secret),
    Rule("server.egress", "Remote MCP server outside the allowed hosts", "high", "mcp_server", ("A.7", "A.10"),
         "Remove the server, or allow its host in the policy.", _egress),
    Rule("server.missing", "MCP server program not found", "low", "mcp_server", ("A.4",),
         "Remove the definition, or install the program.", _missing),
    Rule("server.piped_shell", "MCP server that downloads its program at every start", "critical", "mcp_server",
         ("A.10",), "Install the program once, from a package with a version.", _piped),
    Rule("server.remote_shell", "MCP server that opens a shell to the network", "critical", "mcp_server",
         ("A.6", "A.10"), "Remove the entry, and find out who wrote it and what it did.", _remote_shell),
    Rule("server.shell_line", "MCP server that is a line for a shell", "high", "mcp_server", ("A.6", "A.10"),
         "Name the package and its arguments instead.", _shell_line),
    Rule("server.known_bad", "MCP server of a package or version known to be harmful", "critical", "mcp_server",
         ("A.6", "A.10"), "Remove it, replace the secrets that it could reach, and update to a version that is fixed.",
         _known_bad, graded=_how_bad),
    Rule("server.injected", "MCP server whose environment loads other code", "high", "mcp_server", ("A.6", "A.10"),
         "Remove the variable, or find out who needs it.", _injected),
    Rule("server.bridge", "Local bridge to a remote MCP server", "info", "mcp_server", ("A.5", "A.7"),
         "Configure the remote server directly where the client can, so that its address is governed.", _bridge),
    Rule("server.shadow", "Running MCP server without a definition", "high", "instance", ("A.4", "A.6"),
         "Find out who started it; define and vet it, or stop it.", _shadow),
    Rule("server.wider", "MCP server running with more than its definition says", "high", "instance",
         ("A.5", "A.6", "A.7"), "Stop it; find out who started it, and with what.", _wider, cross_record=True,
         cross_account=True),
    Rule("server.as_root", "MCP server running as root", "high", "instance", ("A.3", "A.6"),
         "Run the server under an ordinary account.", _as_root),
    Rule("server.disabled_runs", "Disabled MCP server running", "medium", "instance", ("A.6",),
         "Stop the process; check which client ignores the switch.", _disabled_runs, cross_record=True,
         cross_account=True),
)  # fmt: skip
