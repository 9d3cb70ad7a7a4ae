"""Rules about MCP servers: whose they are, how firmly they are named, what they may reach."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from urllib.parse import urlsplit

from agent.governance.rule import Facts, Rule, proof
from agent.governance.vetting import host_of, server_rule
from agent.records import Instance, McpServer, Proof
from collectors.programs import package_name

_LOOPBACK = re.compile(r"localhost|127(\.\d+){3}|::1|.*\.localhost|host\.docker\.internal")
_TEMPORARY = re.compile(r"(?i)(/private)?/(tmp|var/tmp|dev/shm)/.*|.*/AppData/Local/Temp/.*|.*/\.cache/(?!uv/|pip/).*")
_DOWNLOADS = re.compile(r"(?i).*/Downloads/.*")
_PIPED_SHELL = re.compile(r"\b(curl|wget)\b[^|]*\|\s*(ba|z|da)?sh\b")
_HOST_RIGHTS = (
    "--privileged", "/var/run/docker.sock", "--network=host", "--net=host", "--network host", "--pid=host",
)  # fmt: skip
_HOMES = re.compile(r"/(home|Users)/[^/]+/?|/root/?|~/?|\$\{?(HOME|userHome|USERPROFILE)\}?/?|[A-Z]:/(Users/[^/]+/?)?")


def _unsanctioned(server: McpServer, facts: Facts) -> Iterable[Proof]:
    rule = server_rule(server, facts.policy)
    if rule and rule.state == "unsanctioned":
        yield proof("the policy does not sanction this server", rule.package or rule.host or rule.name)


def _unvetted(server: McpServer, facts: Facts) -> Iterable[Proof]:
    if facts.policy.given and server_rule(server, facts.policy) is None:
        yield proof("no entry of the policy matches", server.package or host_of(server) or server.command)


def _floating(server: McpServer, facts: Facts) -> Iterable[Proof]:
    if server.package and server.pinned is False:
        yield proof("package without an exact version", server.package)


def _no_identity(server: McpServer, facts: Facts) -> Iterable[Proof]:
    if server.transport == "stdio" and not server.package and server.command:
        yield proof("local program of unknown origin", server.command)


def _undefined(server: McpServer, facts: Facts) -> Iterable[Proof]:
    if server.transport == "unknown":
        yield proof("neither command nor URL", server.source.key)


def _plain_http(server: McpServer, facts: Facts) -> Iterable[Proof]:
    url = server.url or server.remote_url or ""
    host = host_of(server)
    if url.startswith(("http://", "ws://")) and host and not _LOOPBACK.fullmatch(host):
        yield proof("not encrypted", host)


def _inline_secret(server: McpServer, facts: Facts) -> Iterable[Proof]:
    if server.inline_secret:
        yield proof("a secret in clear text in", server.source.path)


def _egress(server: McpServer, facts: Facts) -> Iterable[Proof]:
    host, allowed = host_of(server), facts.policy.egress.allow
    if allowed and host and not _LOOPBACK.fullmatch(host) and not any(fnmatchcase(host, a) for a in allowed):
        yield proof("remote host outside the allowed ones", host)


def _writable(server: McpServer, facts: Facts) -> Iterable[Proof]:
    if server.launch_file and server.launch_file.writable_by in ("group", "everyone"):
        yield proof(f"writable by {server.launch_file.writable_by}", server.launch_file.path)


def _temporary(server: McpServer, facts: Facts) -> Iterable[Proof]:
    yield from _lies_in(server, _TEMPORARY, "runs from a temporary folder")


def _downloads(server: McpServer, facts: Facts) -> Iterable[Proof]:
    yield from _lies_in(server, _DOWNLOADS, "runs from Downloads")


def _lies_in(server: McpServer, place: re.Pattern[str], what: str) -> Iterator[Proof]:
    for path in (server.command or "", *server.args[:3]):
        if path.startswith(("/", "~")) and place.fullmatch(path):
            yield proof(what, path)
            return


def _missing(server: McpServer, facts: Facts) -> Iterable[Proof]:
    if server.launch_file and not server.launch_file.exists:
        yield proof("the program it names does not exist", server.launch_file.path)


def _filesystem(server: McpServer, facts: Facts) -> Iterable[Proof]:
    for source in server.data:
        if source.kind == "filesystem" and (source.target == "/" or _HOMES.fullmatch(source.target)):
            yield proof("may read", source.target)


def _privileged(server: McpServer, facts: Facts) -> Iterable[Proof]:
    words = " ".join(server.args)
    for sign in _HOST_RIGHTS:
        if sign in words:
            yield proof("container option", sign)


def _piped(server: McpServer, facts: Facts) -> Iterable[Proof]:
    if _PIPED_SHELL.search(" ".join((server.command or "", *server.args))):
        yield proof("downloads and runs a script at every start", server.command)


def _shadowing(server: McpServer, facts: Facts) -> Iterable[Proof]:
    for winner in (facts.records.get(other) for other in server.shadowed_by):
        if isinstance(winner, McpServer) and winner.launch_hash != server.launch_hash and winner.scope != "managed":
            yield proof(f"replaced in {winner.scope} scope by {winner.source.path}", winner.name)


def _differs(server: McpServer, facts: Facts) -> Iterable[Proof]:
    for other in facts.servers_by_name.get((server.owner, server.name), ()):
        same = other.launch_hash == server.launch_hash or _identity(other) == _identity(server)
        if other.agent > server.agent and not same and not other.shadowed_by:
            yield proof(f"another server of this name in {other.agent}", _identity(other))


def _look_alike(server: McpServer, facts: Facts) -> Iterable[Proof]:
    name = package_name(server.package) if server.package else None
    for known in facts.policy.server:
        sanctioned = known.package if known.state == "sanctioned" else None
        if name and sanctioned and name != sanctioned and _near(name, sanctioned):
            yield proof("package named almost like the sanctioned", known.package)


def _near(one: str, other: str) -> bool:
    """Whether one letter was changed, left out, put in, or two neighbours swapped."""
    if abs(len(one) - len(other)) > 1 or "*" in other:
        return False
    start = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    rest, other_rest = one[start:], other[start:]
    swapped = rest[:2] == other_rest[1::-1] if len(other_rest) > 1 else False
    return (
        rest[1:] == other_rest[1:] or rest[1:] == other_rest or rest == other_rest[1:]
        or (swapped and rest[2:] == other_rest[2:])
    )  # fmt: skip


def _identity(server: McpServer) -> str | None:
    return (package_name(server.package) if server.package else None) or host_of(server) or server.command


def _bridge(server: McpServer, facts: Facts) -> Iterable[Proof]:
    if server.remote_url:
        yield proof("local bridge to", urlsplit(server.remote_url).hostname or server.remote_url)


def _shadow(instance: Instance, facts: Facts) -> Iterable[Proof]:
    if instance.subject == "mcp_server" and not instance.server_ids:
        yield proof("runs without a definition", instance.package or instance.exe)


def _as_root(instance: Instance, facts: Facts) -> Iterable[Proof]:
    if instance.subject == "mcp_server" and instance.euid == 0:
        yield proof("effective user id", 0)


def _disabled_runs(instance: Instance, facts: Facts) -> Iterable[Proof]:
    defined = [facts.records.get(server_id) for server_id in instance.server_ids]
    servers = [server for server in defined if isinstance(server, McpServer)]
    if servers and not any(server.enabled for server in servers):
        yield proof("runs although disabled in", servers[0].source.path)


_SUPPLIER = ("A.10", "A.4")

RULES = (
    Rule("server.unsanctioned", "MCP server that the policy forbids", "high", "mcp_server", _SUPPLIER,
         "Remove the server, or sanction it in the policy after an assessment.", _unsanctioned),
    Rule("server.unvetted", "MCP server that nobody has vetted", "medium", "mcp_server", _SUPPLIER,
         "Assess the server and add it to the policy.", _unvetted),
    Rule("server.floating", "MCP server without a fixed version", "medium", "mcp_server", ("A.10", "A.6"),
         "Name an exact version, a commit or an image digest.", _floating),
    Rule("server.no_identity", "MCP server of unknown origin", "low", "mcp_server", ("A.10",),
         "Run the server from a published package, or add its launch hash to the policy.", _no_identity),
    Rule("server.undefined", "MCP server entry without command or URL", "low", "mcp_server", ("A.4",),
         "Complete or remove the entry.", _undefined),
    Rule("server.plain_http", "Remote MCP server without encryption", "high", "mcp_server", ("A.7", "A.10"),
         "Use https.", _plain_http),
    Rule("server.inline_secret", "Secret in clear text in an MCP server's definition", "high", "mcp_server",
         ("A.7", "A.6"), "Move the secret to a secret store and name a variable in its place; replace the secret.",
         _inline_secret),
    Rule("server.egress", "Remote MCP server outside the allowed hosts", "high", "mcp_server", ("A.7", "A.10"),
         "Remove the server, or allow its host in the policy.", _egress),
    Rule("server.writable", "MCP server's program that others can change", "critical", "mcp_server", ("A.6", "A.10"),
         "Take away the write permission of others.", _writable),
    Rule("server.temporary", "MCP server that runs from a temporary folder", "high", "mcp_server", ("A.6", "A.10"),
         "Install the server where only its owner or root can write.", _temporary),
    Rule("server.downloads", "MCP server that runs from Downloads", "medium", "mcp_server", ("A.6", "A.10"),
         "Install the server properly.", _downloads),
    Rule("server.missing", "MCP server whose program does not exist", "low", "mcp_server", ("A.4",),
         "Remove the definition, or install the program.", _missing),
    Rule("server.filesystem", "MCP server that may read a whole home or disk", "high", "mcp_server", ("A.5", "A.7"),
         "Name only the folders the server needs.", _filesystem),
    Rule("server.privileged", "MCP server's container with the host's rights", "critical", "mcp_server",
         ("A.5", "A.6"), "Run the container without privileges, host network and Docker socket.", _privileged),
    Rule("server.piped_shell", "MCP server that downloads its program at every start", "critical", "mcp_server",
         ("A.10",), "Install the program once, from a package with a version.", _piped),
    Rule("server.replaced", "MCP server replaced by another of its name in a stronger scope", "medium", "mcp_server",
         ("A.5", "A.6"), "Check the stronger definition, and rename or remove one of them.", _shadowing, joint=True),
    Rule("server.differs", "Different MCP servers under one name", "low", "mcp_server", ("A.4", "A.5"),
         "Use one definition, or different names.", _differs, joint=True),
    Rule("server.look_alike", "MCP server named almost like a sanctioned one", "high", "mcp_server", ("A.10",),
         "Check for a typing error or a counterfeit package.", _look_alike),
    Rule("server.bridge", "Local bridge to a remote MCP server", "info", "mcp_server", ("A.5", "A.7"),
         "Configure the remote server directly where the client can, so that its address is governed.", _bridge),
    Rule("server.shadow", "MCP server that runs without a definition", "high", "instance", ("A.4", "A.6"),
         "Find out who started it; define and vet it, or stop it.", _shadow),
    Rule("server.as_root", "MCP server that runs as root", "high", "instance", ("A.3", "A.6"),
         "Run the server under an ordinary account.", _as_root),
    Rule("server.disabled_runs", "Disabled MCP server that runs", "medium", "instance", ("A.6",),
         "Stop the process; check which client ignores the switch.", _disabled_runs, joint=True),
)  # fmt: skip
