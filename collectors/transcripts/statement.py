"""What one entry of a transcript says: facts of a call, or of a session."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from collectors.catalog.actions import DecisionCase, KindCase, ResultCase, Rule
from collectors.transcripts.call_facts import CallFacts
from collectors.transcripts.programs import programs_of
from collectors.transcripts.values import Entry, condition, elements, first, matched, values

_NAME = re.compile(r"[\w.:/@+-]{1,200}", re.ASCII)
"""What a name may consist of: a text with blanks in it could be what somebody wrote."""
_MOST_COMMANDS = 20
_LONGEST_FOLDER = 4096
_LONGEST_SERVER = 100


@dataclass(slots=True, kw_only=True)
class Statement(CallFacts):
    """Names, times and outcomes that a rule took from one entry; None where it does not say."""

    call: str | None = None
    outer_call: str | None = None
    session: str | None = None
    event: str = ""
    final: bool = False
    parent_session: str | None = None
    version: str | None = None
    folder: str | None = None
    provider: str | None = None
    at: datetime | None = None


class RuleReader:
    """One rule of the catalog, made ready to be applied."""

    def __init__(self, rule: Rule) -> None:
        self.about_a_call = bool(rule.call)
        self._rule = rule
        self._when = condition(rule.when)
        self._each = elements(rule.each)
        self._where = condition(rule.where)
        self._call = first(rule.call) if rule.call else None
        self._server = first(rule.server) if rule.server else None
        self._tool = first(rule.tool) if rule.tool else None
        self._command = values(rule.command) if rule.command else None
        self._ran = condition(rule.ran) if rule.ran is not None else None
        self._facts = [
            (name, first(paths), convert)
            for name, convert in _FACTS.items()
            if (paths := getattr(rule, field_of(name)))
        ]
        self._decisions = [(condition(case.when), case) for case in rule.decision]
        self._results = [(condition(case.when), case) for case in rule.result]
        self._actions = [(condition(case.when), case) for case in rule.action]

    @property
    def marks(self) -> list[bytes]:
        """Texts that every line which the rule is about holds."""
        return [json.dumps(text).encode() for text in self._rule.when.values() if isinstance(text, str)]

    def is_about(self, entry: Entry) -> bool:
        """Whether the rule is asked at all."""
        return self._when(entry)

    def read(self, entry: Entry) -> Iterator[Statement]:
        """What the rule takes from an entry that it is about."""
        for element in self._each(entry):
            if self._where(element) and (statement := self._statement(element)):
                yield statement

    def _statement(self, entry: Entry) -> Statement | None:
        rule = self._rule
        told: dict[str, Any] = {}
        if self._call:
            call = _part(self._call(entry), rule.call_pattern)
            told["call"] = _name(call)
            if told["call"] is None:
                return None
            if rule.inside_pattern and (outer := matched(call, rule.inside_pattern)):
                told["outer_call"] = _name(outer[1])
        if self._server:
            told |= _server(self._server(entry), rule.server_pattern)
        if self._tool:
            told["tool"] = _name(_part(self._tool(entry), rule.tool_pattern))
        for name, found, convert in self._facts:
            value = convert(found(entry))
            if value is not None:
                told[name] = value
        if self._command:
            told["programs"] = programs_of(_commands(self._command(entry)))
        self._judge(entry, told)
        return Statement(event=rule.event, final=rule.final, **told)

    def _judge(self, entry: Entry, told: dict[str, Any]) -> None:
        told["ran"] = self._ran is not None and self._ran(entry)
        decided: DecisionCase | None = _applying(entry, self._decisions)
        result: ResultCase | None = _applying(entry, self._results)
        action: KindCase | None = _applying(entry, self._actions)
        if decided:
            told["decision"], told["denied_by"] = decided.value, decided.by
        if decided and decided.value == "denied":
            told["result"] = "denied"
        elif result:
            told["result"] = result.value
        if action:
            told["action"] = action.value


def field_of(name: str) -> str:
    """The rule's field that a fact comes from."""
    return "duration" if name == "duration_ms" else name


def _applying(entry: Entry, cases: list[tuple[Callable[[Entry], bool], Any]]) -> Any:
    """The first case whose conditions hold."""
    for holds, case in cases:
        if holds(entry):
            return case
    return None


def _part(text: object, pattern: str) -> object:
    """The text, or what the pattern takes out of it."""
    match = matched(text, pattern) if pattern else None
    return match[1] if match else text


def _server(found: object, pattern: str) -> dict[str, Any]:
    """Names of a server and its tool; the pattern's groups are named after the fields."""
    if not pattern:
        return {"server": _server_name(found)}
    match = matched(found, pattern)
    groups = match.groupdict() if match else {}
    if "namespace" in groups:
        return {"namespace": _name(groups["namespace"]), "inner_tool": _name(groups.get("tool"))}
    return {"server": _server_name(groups.get("server")), "mcp_tool": _name(groups.get("tool"))}


def _commands(found: Iterator[Any]) -> list[str]:
    commands: list[str] = []
    for value in found:
        # An argv is `["/bin/bash", "-lc", "the command"]`: its last text says most.
        value = value[-1] if isinstance(value, list) and value else value
        if isinstance(value, str):
            commands.append(value)
        if len(commands) >= _MOST_COMMANDS:
            break
    return commands


def _name(value: object) -> str | None:
    """A name that is told; None for what may be a text that somebody wrote."""
    return value if isinstance(value, str) and _NAME.fullmatch(value) else None


def _server_name(value: object) -> str | None:
    """People name servers, with blanks too."""
    return value if isinstance(value, str) and 0 < len(value) <= _LONGEST_SERVER and value.isprintable() else None


def _folder(value: object) -> str | None:
    return value if isinstance(value, str) and 0 < len(value) <= _LONGEST_FOLDER else None


def _milliseconds(value: Any) -> int | None:
    if isinstance(value, dict):  # as Rust writes it
        seconds, nanos = value.get("secs"), value.get("nanos")
        if not (_number(seconds) and _number(nanos)):
            return None
        value = float(seconds or 0) * 1000 + float(nanos or 0) / 1_000_000
    if isinstance(value, str) and value.isascii() and value.isdigit():
        value = int(value[:20])
    return int(value) if _number(value) and 0 <= value < 1e12 else None


def _number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def time_of(value: Any) -> datetime | None:
    """A time as clients write it: RFC 3339, or seconds or milliseconds since the epoch. Without a zone it is local."""
    try:
        if isinstance(value, str) and value.isascii() and value.isdigit():
            value = int(value)
        if isinstance(value, str):
            return datetime.fromisoformat(value).astimezone(UTC)
        if _number(value):
            return datetime.fromtimestamp(value / 1000 if value > 1e11 else value, UTC)
    except (ValueError, OverflowError, OSError):
        pass
    return None


_FACTS: dict[str, Callable[[Any], Any]] = {
    "session": _name,
    "inner_tool": _name,
    "namespace": _name,
    "mcp_tool": _name,
    "asked_at": time_of,
    "answered_at": time_of,
    "duration_ms": _milliseconds,
    "parent_session": _name,
    "version": _name,
    "folder": _folder,
    "model": _name,
    "provider": _name,
    "mode": _name,
    "at": time_of,
}
"""How the value of a fact is taken; the others need more than that."""
