"""Files that a client takes whole or not at all: functions of the catalog that find what makes it ignore one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

_DECISIONS = ("allow", "deny", "ask_user")
_MODES = ("default", "autoEdit", "yolo", "plan")
_TEXTS = ("subagent", "mcpName", "argsPattern", "commandRegex", "denyMessage", "deny_message")
_SWITCHES = ("interactive", "allowRedirection", "allow_redirection")
_CHECKERS = {"in-process": ("allowed-path", "conseca"), "external": ()}


def gemini_policies(document: object) -> str | None:
    """Gemini CLI: one rule or checker of its policy engine that is not as its schema wants it."""
    table = document if isinstance(document, dict) else {}
    for key, fits in (("rule", _is_rule), ("safety_checker", _is_checker)):
        listed = table.get(key, [])
        if not isinstance(listed, list):
            return key
        for number, item in enumerate(listed):
            if not isinstance(item, dict) or not fits(item):
                return f"{key}[{number}]"
    return None


def _is_rule(rule: Mapping[str, object]) -> bool:
    # Without a tool it was a rule for all of them once: what allows still counts, for whoever runs an old version.
    return (
        rule.get("decision") in _DECISIONS
        and _is_number(rule.get("priority"), range(1000))
        and ("toolName" in rule or rule["decision"] == "allow")
        and _matches(rule)
        and all(isinstance(rule.get(key, False), bool) for key in _SWITCHES)
    )


def _is_checker(checker: Mapping[str, object]) -> bool:
    inner = checker.get("checker")
    kind, name = (inner.get("type"), inner.get("name")) if isinstance(inner, dict) else (None, None)
    names = _CHECKERS.get(kind) if isinstance(kind, str) else None
    known = names is not None and isinstance(name, str) and (not names or name in names)
    return known and "toolName" in checker and _is_number(checker.get("priority", 0)) and _matches(checker)


def _matches(rule: Mapping[str, object]) -> bool:
    """Whether what a rule or checker is about has the right types."""
    modes = rule.get("modes", [])
    return (
        all(isinstance(rule.get(key, ""), str) for key in _TEXTS)
        and all(_is_texts(rule.get(key, "")) for key in ("toolName", "commandPrefix"))
        and isinstance(modes, list)
        and all(mode in _MODES for mode in modes)
        and isinstance(rule.get("toolAnnotations", {}), dict)
    )


def _is_texts(value: object) -> bool:
    return all(isinstance(item, str) for item in (value if isinstance(value, list) else [value]))


def _is_number(value: object, within: range | None = None) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value // 1:
        return False
    return within is None or value in within


VALIDITIES: Final[dict[str, Callable[[object], str | None]]] = {"gemini_policies": gemini_policies}
