"""A nonconformity: one rule, one subject, with a life of its own."""

from typing import ClassVar, Literal, Self, TypedDict, Unpack

from pydantic import AwareDatetime

from agent.records.base import Part, Record

Severity = Literal["info", "low", "medium", "high", "critical"]
SEVERITIES: tuple[Severity, ...] = ("info", "low", "medium", "high", "critical")
FindingState = Literal["open", "acknowledged", "resolved", "reopened"]


class Proof(Part):
    """What shows the nonconformity."""

    what: str
    value: str | None = None


class FindingLife(TypedDict, total=False):
    """What changes in the life of a finding."""

    state: FindingState
    opened_at: AwareDatetime
    closed_at: AwareDatetime | None
    exception: str | None


class Finding(Record):
    """Open until its cause is gone, acknowledged while a policy exception covers it."""

    kind: Literal["finding"] = "finding"
    rule: str
    title: str
    severity: Severity
    state: FindingState = "open"
    subject_id: str
    """Id of the record that does not conform."""
    subject_key: str
    """The same as `subject_id`, but for what belongs to a process, which keeps it when it is started anew."""
    subject: str
    """The subject in words, such as `MCP server github of claude-code`."""
    agent: str | None = None
    accountable: str | None = None
    """The person the subject is assigned to."""
    controls: tuple[str, ...] = ()
    """Control objectives and clauses of ISO/IEC 42001 that this is evidence for, such as `A.10` or `clause 10`."""
    evidence_for: tuple[Proof, ...] = ()
    remediation: str
    opened_at: AwareDatetime
    closed_at: AwareDatetime | None = None
    exception: str | None = None
    """Reason, owner and expiry of the exception that acknowledges it."""

    IDENTITY: ClassVar[tuple[str, ...]] = ("rule", "subject_key")

    def changed(self, **fields: Unpack[FindingLife]) -> Self:
        return self._changed(fields)
