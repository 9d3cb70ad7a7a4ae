"""Rules about what the texts hide that agents read: skills, rules files, hooks, sub-agents, commands, plug-ins."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final, NamedTuple

from agent.governance.rules.rule import Rule, RuleContext, proof
from agent.records import Proof, TextMark
from agent.records.finding import Severity
from agent.records.text_mark import Mark


class _Sort(NamedTuple):
    """What a mark means to a person."""

    mark: Mark
    title: str
    severity: Severity
    seen: str
    remediation: str


_READ: Final = "Read the text at that place in an editor that shows everything; remove it, and find out who wrote it."
_SORTS: Final = (
    _Sort("invisible", "Invisible characters in {what}", "high", "characters that nobody sees", _READ),
    _Sort("bidirectional", "Characters that turn the direction of writing in {what}", "high",
          "characters that turn the direction of writing", _READ),
    _Sort("addressed", "{what} that gives the model orders its readers are not meant to see", "high",
          "orders to the model about other tools, earlier instructions or what not to tell", _READ),
    _Sort("secrets", "{what} that asks for secrets", "high", "asks for keys, passwords, private files or what was said",
          _READ),
    _Sort("encoded", "Encoded text in {what}", "medium", "text that is decoded to be run, or that nobody can read",
          _READ),
    _Sort("download", "{what} that fetches a program and runs it", "medium", "fetches something and runs it",
          "Install the program once, from a package with a version."),
    _Sort("configuration", "{what} that changes how agents or logins are set up", "high",
          "changes what agents or logins are set up with", _READ),
    _Sort("exfiltration", "{what} that sends out what should stay", "high",
          "sends out what should stay, or names a host that is made for collecting it", _READ),
    _Sort("comment", "Instructions in a part of {what} that is not shown", "high", "instructions that are not shown",
          _READ),
    _Sort("unjudged", "{what} too long to be judged", "info", "not looked at from there on",
          "Shorten it, or read it yourself."),
)  # fmt: skip


def _rule(sort: _Sort, kind: str, what: str) -> Rule:
    title = sort.title.format(what=what)
    return Rule(f"{kind}.text_{sort.mark}", title[0].upper() + title[1:], sort.severity, kind, ("A.6", "A.10"),
                sort.remediation, _check(sort))  # fmt: skip


def _check(sort: _Sort) -> Callable[[Any, RuleContext], Iterable[Proof]]:
    def check(record: Any, facts: RuleContext) -> Iterable[Proof]:
        if record.marks:  # hardly any record has one
            yield from (proof(sort.seen, _place(mark)) for mark in record.marks if mark.mark == sort.mark)

    return check


def _place(mark: TextMark) -> str:
    """Where a mark is, in words."""
    more = f", {mark.count} times in all" if mark.count > 1 else ""
    return f"{f'{mark.at}, ' if mark.at else ''}character {mark.offset}{more}"


RULES = (
    *(_rule(sort, "artifact", "a text that agents read") for sort in _SORTS),
    *(_rule(sort, "tool", "the definition of a tool") for sort in _SORTS),
)
