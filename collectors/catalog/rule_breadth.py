"""How much an allow rule lets an agent do: any command, any edit, or everything, in the client's own grammar."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from typing import Literal

from agent.records.posture import Rule
from collectors.catalog import rule_map
from collectors.catalog.permissions import Permissions

Breadth = Literal["commands", "edits", "everything"]

_ALL = re.compile(r"(?:(?:\./|/|//|~/)?\*+(?:/\*+)*|\^?(?:\.[*+])\$?|/\^?(?:\.[*+])?\$?/[a-z]*|\?\*|\* \*)")
"""Patterns for whatever there is: globs of stars, and regular expressions, bare or between slashes."""
_ALL_PATHS = ("/", "~", "~/", ".", "./", "//", "\\")
_SHELLS = re.compile(r"(?:ba|z|da|a|k|fi|c|tc)?sh|pwsh|powershell|cmd|env|sudo|doas|su|eval|exec|xargs")
_INTERPRETER = re.compile(r"python[\d.]*|pypy[\d.]*|node|nodejs|deno|bun|perl|ruby|php|lua|osascript")
_RUNNER = re.compile(
    r"npx|bunx|pnpx|uvx|nohup|time|timeout|nice|ionice|setsid|stdbuf|watch|parallel|strace|flock|busybox|nsenter"
    r"|(?:npm|pnpm) (?:exec|x)|(?:pnpm|yarn) dlx|bun x|pipx run|uv (?:tool )?run|(?:devbox|poetry|pdm) run"
    r"|(?:docker|podman|nerdctl) (?:run|exec)|kubectl exec"
)
"""Programs whose arguments are another program."""


def breadth(rule: Rule, client: Permissions) -> Breadth | None:
    """What the rule frees or forbids as a whole; None for anything narrower, and for what is no edit or command."""
    if rule.subject == "tool" and rule.tool and rule.pattern.startswith(f"{rule.tool}("):
        return _of_tool(rule.tool, client) if is_all(rule.pattern[len(rule.tool) + 1 : -1]) else None
    if rule.subject == "tool":
        return _of_tool(rule.pattern, client)
    if rule.subject == "server":
        return (
            "commands" if any(fnmatchcase(f"{name}/", f"{rule.pattern}/") for name in client.command_servers) else None
        )
    if rule.subject == "command":
        return "commands" if not rule.pattern or is_all(rule.pattern) or _any_program(rule.pattern, client) else None
    if rule.subject == "path" and rule.tool is not None and not _of_tool(rule.tool, client):
        return None
    if rule.subject == "path" and (is_all(rule.pattern) or rule.pattern in ("", *_ALL_PATHS)):
        return "edits"
    return None


def is_all(pattern: str) -> bool:
    """Whether a pattern fits whatever there is."""
    return _ALL.fullmatch(pattern.strip()) is not None


def freeing(rules: Sequence[Rule], client: Permissions) -> Iterator[Rule]:
    """The allow rules in force that let through all commands, all edits or everything."""
    if client.unmatched:
        yield from rule_map.freeing(rules, client.unmatched)
        return
    taken_back = [rule for rule in rules if rule.effect != "allow" and _is_whole(rule, client)]
    for rule in rules:
        frees = rule.effect == "allow" and breadth(rule, client)
        if frees and not any(_takes_back(other, rule) for other in taken_back):
            yield rule


def _is_whole(rule: Rule, client: Permissions) -> bool:
    """Whether it is about all that a tool does: to forbid one shell, which frees all commands, forbids few."""
    return bool(breadth(rule, client)) and (rule.subject != "command" or not rule.pattern or is_all(rule.pattern))


def _takes_back(other: Rule, rule: Rule) -> bool:
    """Whether a rule about `other`'s whole tool takes back what `rule` says; of two of one priority nobody knows."""
    weaker = rule.priority is not None and other.priority is not None and other.priority <= rule.priority
    return not weaker and (is_all(_tool(other)) or _tool(rule) == _tool(other))


def _tool(rule: Rule) -> str:
    return (rule.tool or (rule.pattern if rule.subject in ("tool", "server") else "")).lower()


def _of_tool(pattern: str, client: Permissions) -> Breadth | None:
    if is_all(pattern):
        return "everything" if client.tool_globs else None
    wanted = pattern if client.tool_globs else re.sub(r"[*?\[]", "\ue000", pattern)
    if any(fnmatchcase(name, wanted) for name in client.command_tools):
        return "commands"
    return "edits" if any(fnmatchcase(name, wanted) for name in client.edit_tools) else None


def _any_program(pattern: str, client: Permissions) -> bool:
    """Whether it allows a shell or an interpreter with arguments that nobody looked at."""
    words = pattern.strip().strip("/^$").split()
    if not words:
        return False
    program, open_end = words[0], client.command_rules == "prefix"
    for end in (":*", "*", ".*"):
        if program.endswith(end):
            program, open_end = program.removesuffix(end), True
    open_end = open_end or words[-1].endswith("*") or words[-1] in ("-c", "-e")
    name = program.rpartition("/")[2].lower().removesuffix(".exe").replace("\\b", "")
    rest = [word.removesuffix(":*").removesuffix("*") for word in words[1:]]
    fixed = [name, *(word for word in rest if word and not word.startswith("-"))]
    if not open_end:
        return False
    if _RUNNER.fullmatch(" ".join(fixed)):
        return True
    return len(fixed) == 1 and bool(_SHELLS.fullmatch(name) or _INTERPRETER.fullmatch(name))
