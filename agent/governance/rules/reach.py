"""Rules about what an MCP server's program lies in, and what it may reach on the machine."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from agent.governance.rules.rule import Rule, RuleContext, proof
from agent.governance.supply_chain.server_policy import in_use
from agent.records import McpServer, Proof
from collectors.launch.container import devices, published_everywhere
from collectors.launch.identify import shown_argv
from collectors.launch.program_name import base_name
from collectors.reach.file_roots import named_values
from collectors.reach.wide_paths import wide

_ABSOLUTE = re.compile(r"/|~|[A-Za-z]:/|\$|%")
_TEMPORARY = re.compile(
    r"(?i)(/private)?/(tmp|var/tmp|dev/shm|var/folders)/.*|[A-Z]:/(.*/AppData/Local/|Windows/)?Te?mp/.*"
    r"|(%TE?MP%|\$\{?TE?MP(DIR)?\}?)/.*"
)
_DOWNLOADS = re.compile(r"(?i).*/Downloads/.*")
_RUNS_FROM = ("--directory", "--project", "--from", "--with-editable", "--prefix", "--cwd", "-C")
_WIDE = {
    "disk": "may read a whole disk",
    "home": "may read a whole home",
    "keys": "may read a folder of keys",
    "system": "may read the system's own files",
}
_CONTAINERS = ("docker", "podman", "nerdctl", "finch")
_BINDS = ("host", "bind", "address", "listen", "ip", "hostname", "addr", "bind-address", "listen-address", "interface")
_ALL_ADDRESSES = re.compile(r"(?:0\.0\.0\.0|\[?::\]?|\*)(?::\d+)?")
_SOCKET = re.compile(r"\b(docker|podman|containerd|crio)\.sock\b|docker_engine\b")
_NAMESPACES = ("--network", "--net", "--pid", "--ipc", "--uts", "--userns", "--cgroupns")
_CAPABILITIES = ("ALL", "SYS_ADMIN", "SYS_PTRACE", "SYS_MODULE", "SYS_RAWIO", "DAC_READ_SEARCH")


def _writable(server: McpServer, facts: RuleContext) -> Iterable[Proof]:
    file = server.launch_file
    if in_use(server) and file and file.exists and file.writable_by in ("group", "everyone"):
        yield proof(f"writable by {file.writable_by}", file.path)


def _temporary(server: McpServer, facts: RuleContext) -> Iterable[Proof]:
    yield from _lies_in(server, _TEMPORARY, "runs from a temporary folder")


def _downloads(server: McpServer, facts: RuleContext) -> Iterable[Proof]:
    yield from _lies_in(server, _DOWNLOADS, "runs from Downloads")


def _lies_in(server: McpServer, place: re.Pattern[str], what: str) -> Iterator[Proof]:
    for path in _programs(server) if in_use(server) else ():
        plain = path.replace("\\", "/").removeprefix("file://")
        if _ABSOLUTE.match(plain) and place.fullmatch(plain + "/"):
            yield proof(what, path)
            return


def _programs(server: McpServer) -> Iterator[str]:
    """Paths of what runs. What follows is data: a server may well be given a temporary folder to work in."""
    yield server.command or ""
    if server.launch_file:
        yield server.launch_file.path
    for option, value in pairwise(server.args[:16]):
        if option in _RUNS_FROM:
            yield value
    for word in server.args[:16]:
        if word.partition("=")[0] in _RUNS_FROM:
            yield word.partition("=")[2]
    if server.package is None:
        yield next((word for word in server.args if not word.startswith("-")), "")


def _filesystem(server: McpServer, facts: RuleContext) -> Iterable[Proof]:
    for source in server.data if in_use(server) else ():
        if source.kind == "filesystem" and (what := wide(source.target)):
            yield proof(_WIDE[what], source.target)


def _privileged(server: McpServer, facts: RuleContext) -> Iterable[Proof]:
    if not in_use(server):
        return
    words = (server.command or "", *server.args)
    for sign in (word for word in words if _SOCKET.search(word)):
        yield proof("the container engine's socket", sign)
    if any(engine in word for word in words for engine in _CONTAINERS):
        argv = shown_argv(server.command, server.args)
        if argv and base_name(argv[0]) in _CONTAINERS:
            yield from (proof("container option", option) for option in _host_rights(argv))
            yield from (proof("a device of the host", device) for device in devices(server.command, server.args))


def _exposed(server: McpServer, facts: RuleContext) -> Iterable[Proof]:
    if in_use(server):
        for port in published_everywhere(server.command, server.args):
            yield proof("published on all addresses", port)
        for name, value in named_values(server.args):
            if _ALL_ADDRESSES.fullmatch(value) and name.lower() in _BINDS:
                yield proof("listens on all addresses", f"--{name} {value}")


def _host_rights(argv: Sequence[str]) -> Iterator[str]:
    """Options of `docker run` that take the walls around a container away."""
    for word, following in pairwise((*argv, "")):
        option, given, value = word.partition("=")
        value = value if given else following
        capability = value.upper().removeprefix("CAP_")
        if (
            (option == "--privileged" and (not given or value != "false"))
            or (option in _NAMESPACES and value == "host")
            or (option == "--cap-add" and capability in _CAPABILITIES)
            or (option == "--security-opt" and value.endswith(("unconfined", "label=disable", "label:disable")))
        ):
            yield word if given or option == "--privileged" else f"{option} {value}"


RULES = (
    Rule("server.writable", "MCP server program that others can change", "critical", "mcp_server", ("A.6", "A.10"),
         "Take away the write permission of others.", _writable),
    Rule("server.temporary", "MCP server running from a temporary folder", "high", "mcp_server", ("A.6", "A.10"),
         "Install the server where only its owner or root can write.", _temporary),
    Rule("server.downloads", "MCP server running from Downloads", "medium", "mcp_server", ("A.6", "A.10"),
         "Install the server properly.", _downloads),
    Rule("server.filesystem", "MCP server with access to a whole home or disk", "high", "mcp_server",
         ("A.5", "A.7"), "Name only the folders the server needs.", _filesystem),
    Rule("server.exposed", "MCP server defined to be reachable from other machines", "high", "mcp_server",
         ("A.5", "A.7"), "Bind it to the loopback address.", _exposed),
    Rule("server.privileged", "MCP server container with the host's rights", "critical", "mcp_server",
         ("A.5", "A.6"), "Run the container without privileges, host network and Docker socket.", _privileged),
)  # fmt: skip
