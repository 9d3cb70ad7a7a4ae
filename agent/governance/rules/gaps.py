"""Rules about the evidence itself: what could not be seen is a nonconformity too."""

from __future__ import annotations

from collections.abc import Iterable

from agent.governance.rules.rule import Rule, RuleContext, proof
from agent.records import Diagnostic, Owner, Proof


def _gap(diagnostic: Diagnostic, facts: RuleContext) -> Iterable[Proof]:
    if diagnostic.severity == "error":
        yield proof(diagnostic.message, diagnostic.path)


def _unreadable_servers(diagnostic: Diagnostic, facts: RuleContext) -> Iterable[Proof]:
    if diagnostic.code.startswith("definition."):
        yield proof(diagnostic.message, diagnostic.key)


def _pretends(diagnostic: Diagnostic, facts: RuleContext) -> Iterable[Proof]:
    if diagnostic.code == "process.title_disagrees":
        yield proof(diagnostic.message, diagnostic.path)


def _unreached(owner: Owner, facts: RuleContext) -> Iterable[Proof]:
    if owner.reach == "out_of_reach":
        yield proof("the home could not be entered", owner.home)


RULES = (
    Rule("evidence.gap", "Configuration could not be read", "medium", "diagnostic", ("A.4", "clause 9"),
         "Repair the file or its permissions; until then the last known state stands.", _gap),
    Rule("evidence.definition", "Entry not usable as written", "low", "diagnostic", ("A.4",),
         "Correct the entry.", _unreadable_servers),
    Rule("evidence.pretence", "Process impersonating an AI agent", "medium", "diagnostic", ("A.4", "A.6"),
         "Find out what the process is.", _pretends),
    Rule("evidence.out_of_reach", "Home outside the inventory", "medium", "owner", ("A.4", "clause 4"),
         "Give the service the right to read it, or record in the policy that it is out of scope.", _unreached),
)  # fmt: skip
