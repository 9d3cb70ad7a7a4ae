"""Whether an exception of the policy covers a finding."""

from __future__ import annotations

from datetime import date
from fnmatch import fnmatchcase

from agent.governance.policy.model import Policy, PolicyException
from agent.records import Record


def exception_for(rule: str, record: Record, policy: Policy, today: date) -> PolicyException | None:
    """The first exception that covers what a rule found about a record."""
    return next((one for one in policy.exception if uncovered(one, rule, record, today) is None), None)


def uncovered(exception: PolicyException, rule: str, record: Record, today: date) -> str | None:
    """Why an exception does not cover what a rule found about a record; None where it does."""
    server = getattr(record, "name", None) if record.kind in ("mcp_server", "instance") else None
    if not fnmatchcase(rule, exception.rule):
        return "is for other rules"
    if not fnmatchcase(getattr(record, "agent", None) or "", exception.agent):
        return "is for other agents"
    if not fnmatchcase(server or "", exception.server):
        return "is for other servers"
    if not fnmatchcase(record.owner or "", exception.account):
        return "is for other accounts"
    return "expired" if exception.expires < today else None
