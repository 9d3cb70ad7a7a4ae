"""What one entry of a transcript says: facts of a call, or of a session."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from itertools import product
from typing import Any, NamedTuple

from agent.redaction import redact
from agent.redaction.patterns import SHAPE
from collectors.catalog.actions import Comparison, Condition, DecisionCase, KindCase, Paths, ResultCase, Rule
from collectors.locate.versions import bounded
from collectors.transcripts.call_facts import CallFacts
from collectors.transcripts.compiled import Code
from collectors.transcripts.programs import programs_of
from collectors.transcripts.values import NAMES, Scope, matched, several

_NAME = re.compile(r"[\w.:/@+-]{1,200}", re.ASCII)
"""What a name may consist of: a text with blanks in it could be what somebody wrote."""
_PLAIN = re.compile(r"[A-Za-z0-9_:-]+")
"""Texts that stand in JSON as they are."""
_MOST_MARKS = 16
_MOST_SAID = 10_000
"""By one entry, or a few more where elements lie in elements."""
_MOST_COMMANDS = 20
_LONGEST_FOLDER = 4096
_LONGEST_SERVER = 100
_SHORTEST_CREDENTIAL = 12


@dataclass(kw_only=True)
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

    @classmethod
    def of(cls, told: dict[str, Any]) -> Statement:
        """One that holds what it says and nothing else, which takes a tenth of the time."""
        statement = cls.__new__(cls)
        statement.__dict__ = told
        return statement


class Told(NamedTuple):
    """What one entry says."""

    session: str | None
    """The one that it belongs to, where it says so."""
    group: str
    statements: list[Statement]


Read = Callable[[Any, tuple[str, ...]], Told]
"""What an entry says, by its value and what each `*` of its file's path stood for."""


def reader(rules: Iterable[Rule], session: Paths = "", group: Paths = "", session_pattern: str = "") -> Read:
    """Rules of the catalog as one function."""
    code = Code("v0, captures", {**NAMES, **_NAMES})
    outside = Scope(code, "captures", "v0")
    code.line(f"session, group = {_part(outside.first(session), session_pattern)}, {outside.first(group)}")
    code.line("found = []")
    for rule in rules:
        if rule.when:
            code.open(f"if {outside.holds(rule.when)}:")
        for path in several(rule.each) or [""]:
            _write_elements(code, outside, rule, path.split(">"))
        if rule.when:
            code.close()
    code.line("return told_by(session_of(session),")
    code.line("    group if group.__class__ is str else '', found)")
    return code.function()


def marks(rule: Rule) -> list[frozenset[bytes]]:
    """Texts that a line which the rule is about holds, all of one of these: values, and names of what must be there."""
    each = several(rule.each)
    deep = len(each) != 1 or "!" in each[0]
    conditions = [*rule.when.items(), *(() if deep else rule.where.items())]
    choices = [texts for path, wanted in conditions if (texts := _texts(path, wanted))]
    found = [frozenset(f'"{text}"'.encode() for text in one) for one in product(*choices)]
    return found if len(found) <= _MOST_MARKS else [frozenset()]


def _texts(path: str, wanted: Condition) -> tuple[str, ...]:
    """One of these stands in a line in which the condition holds; nothing where that cannot be said."""
    if set(path) & set("!\\*="):
        return ()
    if isinstance(wanted, Comparison):
        found: tuple[str, ...] = (path.rpartition(".")[2],) if wanted.present else ()
    else:
        found = wanted if isinstance(wanted, tuple) else (wanted,) if isinstance(wanted, str) else ()
    return found if all(map(_PLAIN.fullmatch, found)) else ()


def is_repeated(rule: Rule, rules: Iterable[Rule]) -> bool:
    """Whether the line of a call says again what the rule takes, facts of a session that make no event."""
    if rule.call or rule.event or rule.mode or rule.session:
        return False
    return any(rule.when.items() <= other.when.items() for other in rules if other.call)


def _write_elements(code: Code, at: Scope, rule: Rule, steps: list[str]) -> None:
    """A statement for each of the elements that the steps lead to."""
    for depth, step in enumerate(steps, 1):
        code.open(f"for v{depth} in {at.values(step) if step else '(v0,)'}:")
        at = at.inside(f"v{depth}") if step else at
    _write_statement(code, at, rule)
    for _ in steps:
        code.close()


def _write_statement(code: Code, at: Scope, rule: Rule) -> None:
    """What one element says."""
    if rule.where:
        code.line(f"if not ({at.holds(rule.where)}): continue")
    facts = {fact: at.first(paths) for fact in _FACTS if (paths := getattr(rule, field_of(fact)))}
    if not rule.call:
        # Line by line the same is said of a session: the statement is the same too.
        last = code.constant([None, None])
        code.line(f"raw = ({''.join(f'{value}, ' for value in facts.values())})")
        code.open(f"if raw == {last}[0]:")
        code.line(f"found.append({last}[1])")
        code.line("continue")
        code.close()
    code.line("told = {}")
    if rule.call:
        code.line(f"whole = {at.first(rule.call)}")
        code.line(f"call = name({_part('whole', rule.call_pattern)})")
        code.line("if call is None: continue")
        code.line("told['call'] = call")
        if rule.inside_pattern:
            code.line(f"if outer := matched(whole, {rule.inside_pattern!r}): told['outer_call'] = name(outer[1])")
    if rule.server:
        code.line(f"told.update(server({at.first(rule.server)}, {rule.server_pattern!r}))")
    if rule.tool:
        code.line(f"told['tool'] = name({_part(at.first(rule.tool), rule.tool_pattern)})")
    for fact, value in facts.items():
        code.line(f"value = {_FACTS[fact].__name__}({value})")
        code.line(f"if value is not None: told[{fact!r}] = value")
    if rule.command:
        code.line(f"told['programs'] = programs_of(commands({at.values(rule.command)}))")
    _write_judgement(code, at, rule)
    if rule.event:
        code.line(f"told['event'] = {rule.event!r}")
    if rule.final:
        code.line("told['final'] = True")
    code.line("found.append(statement(told))")
    code.line(f"if len(found) >= {_MOST_SAID}: break")
    if not rule.call:
        code.line(f"{last}[:] = raw, found[-1]")


def _write_judgement(code: Code, at: Scope, rule: Rule) -> None:
    """Of decision, result and action the first case whose conditions hold; what was refused has no other result."""
    if rule.ran is not None:
        code.line(f"if {at.holds(rule.ran)}: told['ran'] = True")
    judged: tuple[tuple[str, tuple[ResultCase | DecisionCase | KindCase, ...]], ...] = (
        ("result", rule.result),
        ("decision", rule.decision),
        ("action", rule.action),
    )
    for field, cases in judged:
        conditions = [at.holds(case.when) for case in cases]
        for word, case, holds in zip(["if", *["elif"] * len(cases)], cases, conditions, strict=False):
            code.line(f"{word} {holds}: told.update({code.constant(_said(field, case))})")


def _said(field: str, case: DecisionCase | ResultCase | KindCase) -> dict[str, Any]:
    said: dict[str, Any] = {field: case.value} if case.value != "unknown" else {}
    if isinstance(case, DecisionCase):
        said |= {"denied_by": case.by} if case.by else {}
        said |= {"result": "denied"} if case.value == "denied" else {}
        said |= {"interrupted": True} if case.interrupts else {}
    return said


def field_of(name: str) -> str:
    """The rule's field that a fact comes from."""
    return "duration" if name == "duration_ms" else name


def _part(text: str, pattern: str) -> str:
    """An expression: the text, or what the pattern takes out of it."""
    return f"part({text}, {pattern!r})" if pattern else text


def _taken_out(text: object, pattern: str) -> object:
    match = matched(text, pattern)
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


def _commands(found: Iterable[Any]) -> list[str]:
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
    """A name that is told, without what has the format of a credential; None for what may be a text that somebody
    wrote."""
    return _without_credentials(value) if isinstance(value, str) and _NAME.fullmatch(value) else None


@lru_cache(maxsize=1024)
def _without_credentials(name: str) -> str:
    return SHAPE.sub(redact.REDACTED, name) if len(name) >= _SHORTEST_CREDENTIAL else name


def _session(value: object) -> str | None:
    return _without_credentials(value) if isinstance(value, str) else None


def _version(value: object) -> str | None:
    """What a version can be made of: anybody may write anything behind the numbers."""
    return bounded(value) if isinstance(value, str) else None


def _server_name(value: object) -> str | None:
    """People name servers, with blanks too; told as in their definitions."""
    named = isinstance(value, str) and 0 < len(value) <= _LONGEST_SERVER and value.isprintable()
    return _redacted(str(value)) if named else None


@lru_cache(maxsize=1024)
def _redacted(name: str) -> str:
    return redact.name(name)


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
    "version": _version,
    "folder": _folder,
    "model": _name,
    "provider": _name,
    "mode": _name,
    "at": time_of,
}
"""How the value of a fact is taken; the others need more than that."""

_NAMES: dict[str, Any] = {
    **{convert.__name__: convert for convert in _FACTS.values()},
    "name": _name,
    "server": _server,
    "part": _taken_out,
    "matched": matched,
    "commands": _commands,
    "programs_of": programs_of,
    "statement": Statement.of,
    "told_by": Told,
    "session_of": _session,
}
"""What a compiled rule calls by name."""
