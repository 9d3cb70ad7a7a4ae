"""The policy that everything is judged by, and whether it is the one that should be."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal, NamedTuple

from agent.governance.policy.last_good import LastGood
from agent.governance.policy.model import Policy
from agent.records import Evidence, PolicyInForce


class Problem(NamedTuple):
    """Why what the settings name is not in force."""

    kind: Literal["invalid", "unreachable"]
    reason: str


@dataclass(frozen=True, slots=True)
class InForce:
    """What everything is judged by."""

    policy: Policy = field(default_factory=Policy.model_construct)
    place: str = ""
    """Empty where the settings name no policy."""
    good: LastGood | None = None
    trouble: Problem | None = None
    since: datetime = field(default_factory=lambda: datetime.now(UTC))

    def record(self, endpoint_id: str) -> PolicyInForce | None:
        """What a receiver should know of it; None where the settings name no policy."""
        good, policy = self.good, self.policy
        if not self.place:
            return None
        return PolicyInForce(
            endpoint_id=endpoint_id,
            observed_at=self.since,
            evidence=Evidence(collector="rollcall", source=self.place, confidence="confirmed"),
            place=self.place,
            state="none" if good is None else "last_good" if self.trouble else "current",
            version=policy.version if good else None,
            organisation=policy.organisation,
            role=policy.role if good else None,
            digest=hashlib.sha256(good.text.encode()).hexdigest() if good else None,
            signed_by=(good.signed_by or None) if good else None,
            signed_at=datetime.fromtimestamp(good.signed_at, UTC) if good and good.signed_at else None,
            trouble=self.trouble.kind if self.trouble else None,
            reason=self.trouble.reason[:1000] if self.trouble else None,
        )
