"""What the policy says of one MCP server: the organisation's own list vets, nothing else does."""

from __future__ import annotations

from fnmatch import fnmatchcase
from functools import lru_cache
from urllib.parse import urlsplit

from agent.governance.policy.model import Policy, ServerRule
from agent.governance.policy.versions import outside
from agent.records import McpServer
from collectors.launch.packages import package_name


def server_rule(server: McpServer, policy: Policy) -> ServerRule | None:
    """The first rule that matches every field it gives."""
    return next((rule for rule in policy.server if _matches(server, rule)), None)


def host_of(server: McpServer) -> str | None:
    """Host of the remote end, of a bridge too; None for a local server and for a placeholder."""
    url = server.url or server.remote_url
    return _host(url) if url else None


@lru_cache(maxsize=1_024)
def _host(url: str) -> str | None:
    try:
        host = urlsplit(url).hostname
    except ValueError:
        return None
    return host if host and "$" not in host and "{" not in host else None


def in_use(server: McpServer) -> bool:
    """Whether it can do anything: not what is switched off or replaced everywhere, unless it runs all the same."""
    return server.effective or server.running is True


def identity(server: McpServer) -> str | None:
    """What it is, whatever it is called: of a bridge the far end, else the package, the host, the program."""
    if server.remote_url:
        return host_of(server) or server.remote_url
    return (package_name(server.package) if server.package else None) or host_of(server) or server.command


def launch_words(server: McpServer) -> str | None:
    """Program and first arguments, for a person."""
    return " ".join((server.command, *server.args[:2])) if server.command else None


def version_of(server: McpServer) -> str | None:
    """The exact version a definition names."""
    rest = (server.package or "").partition("?")[0]
    return rest.rpartition("@")[2] if "@" in rest else None


def _matches(server: McpServer, rule: ServerRule) -> bool:
    given = [
        (rule.package, package_name(server.package) if server.package else None),
        (rule.host, host_of(server)),
        (rule.command, server.command),
        (rule.launch_hash, server.launch_hash),
        (rule.name, server.name),
    ]
    if server.remote_url and rule.state != "unsanctioned" and not (rule.host or rule.launch_hash):
        # The package of a bridge says nothing of what it is a bridge to.
        return False
    patterns = [(pattern, value) for pattern, value in given if pattern is not None]
    if not patterns or not all(value is not None and fnmatchcase(value, pattern) for pattern, value in patterns):
        return False
    version = version_of(server)
    return rule.versions is None or (version is not None and not outside(version, rule.versions))
