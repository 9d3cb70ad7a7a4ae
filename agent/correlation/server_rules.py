"""Whether a rule about starting servers means a server."""

from __future__ import annotations

from fnmatch import fnmatchcase

from agent.records import McpServer
from agent.records.posture import ServerRule


def matches(rule: ServerRule, server: McpServer) -> bool:
    """Whether the rule is about this server; one that was not understood is about none."""
    if rule.match == "name":
        return rule.pattern in server.called
    if rule.match == "folded":
        return rule.pattern.strip().casefold() in (name.strip().casefold() for name in server.called)
    if rule.match == "glob":
        return any(fnmatchcase(name, _literal(rule.pattern, "[")) for name in server.called)
    if rule.match == "extension":
        # Some clients know a plug-in by its name alone, some together with its marketplace.
        return server.extension is not None and server.extension in (rule.pattern, rule.pattern.partition("@")[0])
    if rule.match == "command":
        return server.command is not None and rule.pattern == " ".join((server.command, *server.args))
    if rule.match == "url":
        return server.url is not None and fnmatchcase(server.url, _literal(rule.pattern, "[?"))
    return rule.match == "any"


def _literal(pattern: str, special: str) -> str:
    """The pattern, with these characters standing for themselves."""
    return "".join(f"[{letter}]" if letter in special else letter for letter in pattern)
