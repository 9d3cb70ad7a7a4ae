"""The rules for a person: on a terminal, and as the table in `docs/rules.md`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from agent.governance.rules.registry import RULES
from agent.governance.rules.rule import Rule


def lines(rules: Sequence[Rule]) -> Iterator[str]:
    """A line per rule."""
    width = max(len(rule.id) for rule in rules)
    for rule in rules:
        yield f"{rule.id:<{width}}  {rule.severity:<8}  {rule.title}"


def details(rule: Rule) -> Iterator[str]:
    """Everything a rule says of itself."""
    yield f"{rule.id}: {rule.title}"
    yield f"  severity: {rule.severity}"
    yield f"  asked about: {rule.kind}{', together with other records' if rule.cross_record else ''}"
    yield f"  evidence for: {', '.join(rule.controls)}"
    yield f"  remedy: {rule.remediation}"
    if rule.reference:
        yield f"  see: {rule.reference}"


def table() -> str:
    """Markdown."""
    rows = (
        f"| `{rule.id}` | {rule.title} | {rule.severity} | {', '.join(rule.controls)} | {rule.remediation} |\n"
        for rule in RULES
    )
    head = (
        "# Rules\n\nGenerated from `agent/governance/rules/`. A policy can switch each off or rate it anew, and add\n"
        "rules of the organisation (`[[rule]]` in [policy.example.toml](../policy.example.toml)).\n\n"
    )
    return head + "| id | finding | severity | controls | remedy |\n|---|---|---|---|---|\n" + "".join(rows)
