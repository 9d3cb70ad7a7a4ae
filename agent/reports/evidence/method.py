"""How the evidence was made, what it rests on, and what it cannot say."""

from __future__ import annotations

from agent.reports.evidence.subject import EvidenceSubject
from agent.reports.html.coverage import coverage
from agent.reports.html.elements import Html, joined, tag

_HOW = (
    "Rollcall runs on the endpoint itself. It reads configuration files of known AI clients, installed packages, "
    "running processes, sockets and, where that is switched on, the metadata of the clients' own transcripts. It joins "
    "them: a definition with the process that runs it, a process with what it is connected to.",
    "It runs nothing that it finds, but for MCP servers that the policy has it probe. A client's own behaviour is "
    "taken for the truth, then its source, then its documentation; what is not known is said to be unknown.",
    "Each change is an entry of a journal that is only added to: numbered without gaps, chained by SHA-256, signed at "
    "intervals with a key of this endpoint. What is proved of it, and what is not, stands in journal-verification.txt.",
    "A finding is a rule of Rollcall or of the organisation's policy that a record does not conform to. Severities are "
    "the rule's unless the policy sets others.",
)
_NOT = (
    "Content: no prompt, no answer of a model, no value of a secret is kept; command lines and addresses are redacted "
    "where they are read.",
    "Whoever has administrator's rights on the endpoint can stop Rollcall or keep things from it. Gaps in time show in "
    "the journal. An anchor of the journal or a public key that was kept elsewhere proves more than this pack alone.",
    "Reach is what a definition or a connection shows, not what was done with it.",
    "Times are those of the endpoint's own clock; the journal notes where that was set back.",
    "This pack is of one endpoint. What the organisation has elsewhere is not in it.",
    "It does not say that anything conforms to a standard or to a law.",
)


def page(subject: EvidenceSubject) -> Html:
    """For an auditor."""
    return joined(
        tag("h2", "How it was made"),
        tag("ul", [tag("li", line) for line in _HOW]),
        tag("h2", "What it cannot say"),
        tag("ul", [tag("li", line) for line in _NOT]),
        coverage(subject.machine),
    )
