"""Maps of tool to effect, or of tool and pattern to effect, as opencode and its kin have them: merged, the last wins.

What no rule mentions is the client's own default, which may be to allow.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase

from agent.records.posture import ApprovalMode, Effect, Rule

_COMMANDS = ("\ue000 \ue000", "bash -c \ue000", "sh -c \ue000", "python3 -c \ue000", "node -e \ue000")
_PATHS = ("\ue000/\ue000",)
_OTHER = "\ue000_\ue000"
"""Words that no rule was written for, and programs that run any command."""


def merged(layers: Iterable[Iterable[Rule]]) -> tuple[Rule, ...]:
    """The rules of several layers, from the weakest to the strongest, as one map.

    A key keeps the place where it first stood; a map in place of a map is joined with it, anything else replaces.
    """
    tools: dict[str, dict[str | None, Rule]] = {}
    for layer in layers:
        own: dict[str, dict[str | None, Rule]] = {}
        for rule in layer:
            own.setdefault(_tool(rule), {})[rule.pattern if rule.tool else None] = rule
        for tool, patterns in own.items():
            before = tools.get(tool, {})
            tools[tool] = patterns if None in patterns or None in before else {**before, **patterns}
    return tuple(rule for patterns in tools.values() for rule in patterns.values())


def mode(rules: Iterable[Rule], unmatched: Mapping[str, Effect], with_servers: bool) -> ApprovalMode:
    """What an agent does unasked under these rules; with `with_servers` the tools of MCP servers count too."""
    ordered = tuple(rules)
    commands = [_decided(ordered, unmatched, "bash", command) for command in _COMMANDS]
    edits = [_decided(ordered, unmatched, "edit", path) for path in _PATHS]
    others = [_decided(ordered, unmatched, _OTHER, "*")] if with_servers else []
    told = [*commands, *edits, *others]
    if "allow" in told:
        return "auto_approves"
    return "asks_always" if set(commands + edits) == {"deny"} else "asks_risky"


def freeing(rules: Sequence[Rule], unmatched: Mapping[str, Effect]) -> tuple[Rule, ...]:
    """The rules because of which commands, edits or other tools run unasked; the client's own default is none."""
    calls = [*(("bash", command) for command in _COMMANDS), *(("edit", path) for path in _PATHS), (_OTHER, "*")]
    found = (_deciding(rules, tool, about) for tool, about in calls)
    return tuple(dict.fromkeys(rule for rule in found if rule and rule.effect == "allow"))


def _decided(rules: Sequence[Rule], unmatched: Mapping[str, Effect], tool: str, about: str) -> Effect:
    """What happens to one call of a tool."""
    if rule := _deciding(rules, tool, about):
        return rule.effect
    return next((effect for name, effect in reversed(list(unmatched.items())) if _fits(name, tool)), "ask")


def _deciding(rules: Sequence[Rule], tool: str, about: str) -> Rule | None:
    for rule in reversed(rules):
        if _fits(_tool(rule), tool) and (rule.tool is None or _fits(_pattern(rule), about)):
            return rule
    return None


def _tool(rule: Rule) -> str:
    return rule.tool or rule.pattern


def _pattern(rule: Rule) -> str:
    wrapped = f"{rule.tool}("
    return rule.pattern[len(wrapped) : -1] if rule.pattern.startswith(wrapped) else rule.pattern


def _fits(pattern: str, text: str) -> bool:
    plain = pattern.replace("[", "[[]")
    # A command's pattern that ends in ` *` fits the command alone too.
    return fnmatchcase(text, plain) or (plain.endswith(" *") and fnmatchcase(text, plain[:-2]))
