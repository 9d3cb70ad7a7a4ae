"""The policy exception that would acknowledge a finding, as text for the policy file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime
from typing import NamedTuple

from agent.governance.policy.exceptions import exception_for
from agent.governance.policy.model import Policy, PolicyException
from agent.records import Finding, Instance, McpServer, Record
from agent.runtime.terminal import plain

_SPECIAL = str.maketrans({char: f"[{char}]" for char in "*?["})


class DraftException(NamedTuple):
    """An exception as narrow as the policy's language can say it, and what it is about in words."""

    about: str
    exception: PolicyException

    def toml(self) -> Iterator[str]:
        """Lines for the policy file."""
        one = self.exception
        yield f"# {plain(self.about)}"
        yield "[[exception]]"
        for name in ("rule", "agent", "server", "account", "owner", "reason"):
            yield f"{name} = {_quoted(getattr(one, name))}"
        yield f"expires = {one.expires.isoformat()}"
        yield ""


def draft_exception(finding: Finding, subject: Record | None, reason: str, until: date, by: str) -> DraftException:
    """For this rule, and for the agent, server and account of what it is about."""
    server = subject.name if isinstance(subject, McpServer | Instance) else None
    exception = PolicyException(
        rule=finding.rule,
        agent=_exactly(finding.agent),
        server=_exactly(server),
        account=_exactly(finding.owner),
        owner=by,
        reason=reason,
        expires=until,
    )
    return DraftException(f"{finding.title}: {finding.subject}", exception)


def covered(drafts: Iterable[DraftException], records: Iterable[Record]) -> list[Finding]:
    """The findings that these would acknowledge: what is about the same agent may be more than was meant."""
    held = {record.id: record for record in records}
    policy = Policy(version="draft", exception=tuple(draft.exception for draft in drafts))
    today = datetime.now(UTC).date()
    return [
        finding
        for finding in held.values()
        if isinstance(finding, Finding)
        and finding.state != "resolved"
        and (subject := held.get(finding.subject_id))
        and exception_for(finding.rule, subject, policy, today)
    ]


def _exactly(name: str | None) -> str:
    """A pattern for just this name; what has none fits any."""
    return name.translate(_SPECIAL) if name else "*"


def _quoted(text: str) -> str:
    """A basic string, in which nothing moves a cursor."""
    text = text.replace("\\", "\\\\").replace('"', '\\"')
    inner = "".join(char if char.isprintable() else f"\\U{ord(char):08x}" for char in text)
    return f'"{inner}"'
