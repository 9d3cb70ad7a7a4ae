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
    """What the value is, such as `flag`."""
    value: str | None = None
    """What was seen, without secrets; null where that it is there says all."""


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
    """Id of the rule, such as `server.inline_secret`."""
    title: str
    """What is wrong, in a few words."""
    severity: Severity
    """The rule's, unless the policy sets another."""
    state: FindingState = "open"
    """acknowledged: a policy exception covers it; reopened: it had been resolved before."""
    subject_id: str
    """Id of the record that does not conform."""
    subject_key: str
    """The same as `subject_id`, but for what belongs to a process, which keeps it when it is started anew."""
    subject: str
    """The subject in words, such as `github in claude-code (dev)`."""
    agent: str | None = None
    """Catalog id of the client that the subject belongs to."""
    accountable: str | None = None
    """The person the subject is assigned to."""
    controls: tuple[str, ...] = ()
    """Control objectives and clauses of ISO/IEC 42001 that this is evidence for, such as `A.10` or `clause 10`."""
    evidence_for: tuple[Proof, ...] = ()
    """What shows it."""
    remediation: str
    """What to do about it."""
    opened_at: AwareDatetime
    """UTC time at which it was first seen."""
    closed_at: AwareDatetime | None = None
    """UTC time at which its cause was gone; null until then."""
    exception: str | None = None
    """Reason, owner and expiry of the exception that acknowledges it."""

    IDENTITY: ClassVar[tuple[str, ...]] = ("rule", "subject_key")

    def changed(self, **fields: Unpack[FindingLife]) -> Self:
        return self._changed(fields)
