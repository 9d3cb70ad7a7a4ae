"""What happens when the model wants to call a tool of a server: by filters, rules and the client's own habit.

Where several projects or definitions say different things, what exposes the tool most counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from sys import intern
from typing import NamedTuple

from agent.records import McpServer, Posture, ToolDigest
from agent.records.posture import Effect, Rule
from agent.records.tool import ToolExposure
from collectors.catalog.actions import McpName
from collectors.catalog.client import Client
from collectors.catalog.permissions import Permissions

_EXPOSED: dict[Effect, ToolExposure] = {"allow": "allowed", "ask": "ask", "deny": "denied"}
_MOST: tuple[ToolExposure, ...] = ("filtered", "denied", "ask", "unknown", "allowed")
"""From the least exposed to the most; what is not known may be worse than being asked."""

_STRICTEST: tuple[Effect, ...] = ("deny", "ask", "allow")
_LOOSEST = _STRICTEST[::-1]


class Exposed(NamedTuple):
    """How a tool is exposed, and by what."""

    exposure: ToolExposure
    by: str | None = None


class ExposureRules:
    """What decides about the tools of one server in one client."""

    def __init__(
        self, server: str, definitions: Sequence[McpServer], postures: Sequence[Posture], client: Client | None
    ) -> None:
        self._server = server
        self._live = [each for each in definitions if each.effective] or list(definitions)
        projects = {each.project for each in self._live}
        everywhere = None in projects or not projects
        # A project without settings of its own is under what holds outside of projects.
        self._postures = [p for p in postures if everywhere or p.project in (None, *projects)]
        self._client = client.permissions if client else None
        self._forms = client.actions.mcp if client and client.actions else ()

    def of(self, tool: ToolDigest) -> Exposed:
        """How one of its tools is exposed."""
        filtered = [by for each in self._live if (by := _filter(tool.name, each))]
        if filtered and len(filtered) == len(self._live):
            return Exposed("filtered", filtered[0])
        decided = [self._decided(tool, posture) for posture in self._postures]
        most = max(decided, key=lambda one: _MOST.index(one.exposure), default=Exposed("unknown"))
        # Hundreds of tools have the same reason.
        return most._replace(by=intern(most.by)) if most.by else most

    def _decided(self, tool: ToolDigest, posture: Posture) -> Exposed:
        where = f" in {posture.project}" if posture.project else ""
        if self._client is None:
            return Exposed("unknown")
        rule = self._rule(tool.name, posture.rules, self._client)
        if rule and (rule.effect != "ask" or posture.approval_mode != "bypasses"):
            return Exposed(_EXPOSED[rule.effect], f"{rule.effect} {rule.pattern}, set by {rule.set_by}{where}")
        if posture.approval_mode == "bypasses":
            return Exposed("allowed", f"approvals are bypassed{where}")
        if habits := [e for name, e in self._client.unmatched.items() if self._named(name, tool.name, self._client)]:
            return Exposed(_EXPOSED[habits[-1]], f"no rule is about it{where}")
        habit = self._client.server_tools.get(posture.approval_mode or "unknown")
        if habit and "read_only" in tool.hints and self._client.server_tools_read_only:
            return Exposed(self._client.server_tools_read_only, f"it calls itself read-only{where}")
        return Exposed(habit or "unknown", f"mode {posture.approval_mode}{where}" if habit else None)

    def _rule(self, tool: str, rules: Sequence[Rule], client: Permissions) -> Rule | None:
        """The rule that decides."""
        about = [rule for rule in rules if self._fits(rule, tool, client)]
        if client.unmatched or client.rules == "last_wins":
            return about[-1] if about else None
        return _first(_in_order(about), _STRICTEST)

    def _fits(self, rule: Rule, tool: str, client: Permissions) -> bool:
        if rule.subject == "server":
            return _matches(self._server, rule.pattern, client)
        if rule.subject != "tool" or (rule.tool and rule.pattern.startswith(f"{rule.tool}(")):
            return False
        return self._named(rule.pattern, tool, client)

    def _named(self, pattern: str, tool: str, client: Permissions) -> bool:
        """Whether a pattern for tools means one of this server."""
        spelled = (f"{self._server}/{tool}", *self._spelled(tool))
        return any(_matches(name, pattern, client) for name in spelled)

    def _spelled(self, tool: str) -> Iterator[str]:
        """The tool by the names that its client has for it."""
        for form in self._forms:
            yield f"{form.prefix}{_mangled(self._server, form)}{form.separator}{tool}"


def _in_order(rules: Sequence[Rule]) -> list[Rule]:
    """Of rules with numbers only the one with the highest, of several the loosest: which decides, nobody knows."""
    numbers = [rule.priority for rule in rules if rule.priority is not None]
    decisive = _first([rule for rule in rules if numbers and rule.priority == max(numbers)], _LOOSEST)
    return [rule for rule in rules if rule.priority is None or rule is decisive]


def _first(rules: Sequence[Rule], effects: Sequence[Effect]) -> Rule | None:
    return next((rule for effect in effects for rule in rules if rule.effect == effect), None)


def _matches(text: str, pattern: str, client: Permissions) -> bool:
    if pattern == text:
        return True
    return client.tool_globs and "*" in pattern and fnmatchcase(text, pattern.replace("[", "[[]"))


def _mangled(server: str, form: McpName) -> str:
    if form.mangled == "dash":
        return server.replace("-", "_")
    return re.sub(r"[^A-Za-z0-9_]", "_", server) if form.mangled == "all" else server


def _filter(tool: str, server: McpServer) -> str | None:
    """What keeps the tool from the model in one definition."""
    if server.shows is not None and not any(_named(tool, pattern) for pattern in server.shows):
        return f"not among the tools that {server.source.key} shows"
    hidden = next((pattern for pattern in server.hides if _named(tool, pattern)), None)
    return f"{server.source.key} hides {hidden}" if hidden else None


def _named(tool: str, pattern: str) -> bool:
    """Whether a list of tools means this one."""
    return pattern in (tool, "*") or pattern.startswith(f"{tool}(")
