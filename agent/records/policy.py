"""The organisation's policy as this endpoint applies it."""

from typing import ClassVar, Literal

from pydantic import AwareDatetime

from agent.records.base import Record

OrganisationRole = Literal["provider", "producer", "user"]
"""What the organisation is for an AI system (ISO/IEC 42001, clause 4): it provides, makes or uses it."""


class PolicyInForce(Record):
    """Which version of the policy this endpoint is judged by, where it came from, and why not a newer one."""

    kind: Literal["policy"] = "policy"
    place: str
    """Path or address that the settings name."""
    state: Literal["current", "last_good", "none"]
    """last_good: what is at `place` cannot be used, or could not be seen; what was good before stays in force."""
    version: str | None = None
    """Of the policy in force, as it calls itself."""
    organisation: str | None = None
    """As the policy in force names it."""
    role: OrganisationRole | None = None
    """The organisation's role for systems of which the policy says nothing else."""
    digest: str | None = None
    """SHA-256, in hex, of the text in force."""
    signed_by: str | None = None
    """Id of the minisign key; null for a policy that needs no signature."""
    signed_at: AwareDatetime | None = None
    """As the signer stated it in the trusted comment."""
    trouble: Literal["invalid", "unreachable"] | None = None
    """What is wrong with what is at `place` now: `invalid` (it cannot be used) or `unreachable`; null for nothing."""
    reason: str | None = None
    """For a trouble: file, line and key of each error, or what else is wrong."""

    IDENTITY: ClassVar[tuple[str, ...]] = ()

    @property
    def name(self) -> str:
        """How a person knows it."""
        return self.version or self.place
