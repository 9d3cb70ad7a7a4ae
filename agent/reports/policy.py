"""`rollcall policy explain`, for a person or as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from fnmatch import fnmatchcase
from typing import NamedTuple

from agent.governance.policy.in_force import InForce
from agent.governance.policy_explanation import Explainer, Explanation, Topic
from agent.records import AiAgent, Finding, McpServer, PolicyInForce, Record
from agent.reports import sheet
from agent.reports.rows import some
from agent.reports.sheet import Sheet
from agent.runtime.terminal import plain

_FEW = 20
_GROUP = ("of", "topic", "answer", "count", "among_them")


class PolicyExplanation(NamedTuple):
    """What is asked about: the policy in force, None where there is none, and what it says of each subject."""

    policy: PolicyInForce | None
    found: Sequence[Explanation]


def explanation(records: Sequence[Record], in_force: InForce, subjects: Sequence[str]) -> PolicyExplanation:
    """Of the agents, servers and findings with these names or ids; without any, of all agents and servers."""
    explainer = Explainer(records, in_force)
    asked = [r for r in records if isinstance(r, AiAgent | McpServer | Finding) and _is_meant(r, subjects)]
    policy = next((record for record in records if isinstance(record, PolicyInForce)), None)
    return PolicyExplanation(policy, [explainer.explain(record) for record in asked])


def _is_meant(record: AiAgent | McpServer | Finding, subjects: Sequence[str]) -> bool:
    if not subjects:
        return not isinstance(record, Finding)
    match record:
        case AiAgent():
            names = [record.agent, record.name]
        case McpServer():
            names = [record.name, f"{record.agent}/{record.name}"]
        case Finding():
            names = [record.rule] if record.state != "resolved" else []
    return any(
        record.id == subject or any(fnmatchcase(name.lower(), subject.lower()) for name in names)
        for subject in subjects
    )


def as_json(explained: PolicyExplanation) -> Iterator[str]:
    """One object: the policy in force, and the explanations."""
    head = json.loads(explained.policy.to_json()) if explained.policy else None
    whole = {"policy": head, "explanations": [asdict(one) for one in explained.found]}
    yield from json.dumps(whole, indent=1).split("\n")


def csv(explained: PolicyExplanation) -> Iterator[str]:
    """A row per subject and topic, with what decided it."""
    head = ("kind", "subject", "owner", "topic", "answer", "decided_by", "line")
    rows = [
        (one.kind, one.subject, one.owner or "", topic.name, topic.answer, *_decided(topic))
        for one in explained.found
        for topic in one.topics
    ]
    return sheet.as_csv(Sheet(head, rows))


def lines(explained: PolicyExplanation) -> Iterator[str]:
    """For a person: each subject where they are few, else how many have which answer to what."""
    if len(explained.found) <= _FEW:
        yield from each(explained)
        return
    yield from map(plain, _head(explained.policy))
    answers: dict[tuple[str, str, str], list[str]] = {}
    for one in explained.found:
        for topic in one.topics:
            # Since when and why differ from finding to finding.
            answer = topic.answer.partition(" since ")[0] if topic.name.startswith("finding ") else topic.answer
            answers.setdefault((one.kind, topic.name, answer), []).append(one.subject)
    rows = [(*answer, str(len(subjects)), some(subjects)) for answer, subjects in sorted(answers.items())]
    yield from ("", *sheet.in_columns(Sheet(_GROUP, rows)))
    yield f"{len(explained.found)} subjects; each, with what decided: `rollcall policy explain --all`, or name some"


def each(explained: PolicyExplanation) -> Iterator[str]:
    """Every subject with all topics, and what decided each."""
    yield from map(plain, _head(explained.policy))
    for one in explained.found:
        yield ""
        yield plain(f"{one.kind} {one.subject}, owner {one.owner or '(machine)'}")
        for topic in one.topics:
            yield from map(plain, _topic(topic))


def _head(policy: PolicyInForce | None) -> Iterator[str]:
    if policy is None:
        yield "no policy: the settings name none, so nothing is sanctioned or forbidden"
        return
    signed = f", signed by {policy.signed_by} at {policy.signed_at:%Y-%m-%d %H:%M} UTC" if policy.signed_at else ""
    what = {"current": "in force", "last_good": "in force, the last good one", "none": "none is in force"}[policy.state]
    yield f"policy {policy.version or ''} {what}: {policy.place}{signed}".replace("  ", " ")
    for line in (policy.reason or "").splitlines():
        yield f"  {policy.trouble}: {line}"


def _topic(topic: Topic) -> Iterator[str]:
    yield f"  {topic.name}: {topic.answer}"
    for step in topic.steps:
        line = f" (line {step.line})" if step.line else ""
        yield f"    {'*' if step.applies else '-'} {step.what}{line}: {step.why}"


def _decided(topic: Topic) -> tuple[str, str]:
    step = next((step for step in topic.steps if step.applies), None)
    return (f"{step.what}: {step.why}", str(step.line or "")) if step else ("", "")
