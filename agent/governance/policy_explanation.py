"""Why the policy says what it says of one record: every part of it that was asked, in order, and how it answered."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from functools import partial
from typing import Any, get_args

from agent.governance.policy.exceptions import uncovered
from agent.governance.policy.in_force import InForce
from agent.governance.policy.model import AgentRule, OwnerRule, Policy, ServerRule
from agent.governance.policy.versions import outside
from agent.governance.supply_chain.server_policy import host_of, server_rule, version_of
from agent.records import AiAgent, Endpoint, Finding, Instance, McpServer, ModelProvider, Owner, Posture, Record
from agent.records.posture import ApprovalMode
from agent.redaction.redact import url
from agent.runtime.toml_lines import line_of
from collectors.launch.packages import package_name

_MODES: Sequence[str] = get_args(ApprovalMode)


@dataclass(frozen=True, slots=True)
class Step:
    """One part of the policy, or one fact, and what came of it."""

    what: str
    line: int | None
    """In the policy."""
    applies: bool
    why: str


@dataclass(frozen=True, slots=True)
class Topic:
    """One question about the subject, its answer, and how that came about."""

    name: str
    answer: str
    steps: tuple[Step, ...] = ()


@dataclass(frozen=True, slots=True)
class Explanation:
    """Everything about one subject."""

    kind: str
    id: str
    subject: str
    owner: str | None
    topics: tuple[Topic, ...]


class Explainer:
    """Explains records of one inventory under the policy it was judged by."""

    def __init__(self, records: Sequence[Record], in_force: InForce) -> None:
        self._records = records
        self._policy: Policy = in_force.policy
        self._text = in_force.good.text if in_force.good else ""
        endpoint = next((record for record in records if isinstance(record, Endpoint)), None)
        self._devices = tuple(filter(None, (endpoint.hostname, endpoint.endpoint_id))) if endpoint else ()
        self._findings = [record for record in records if isinstance(record, Finding) and record.state != "resolved"]

    def explain(self, record: AiAgent | McpServer | Finding) -> Explanation:
        """What the policy says of it."""
        match record:
            case AiAgent():
                subject, topics = f"{record.name} ({record.agent})", self._of_agent(record)
            case McpServer():
                subject, topics = f"{record.name} of {record.agent}", self._of_server(record)
            case Finding():
                subject, topics = f"{record.rule}: {record.subject}", self._of_findings([record])
        return Explanation(record.kind, record.id, subject, record.owner, tuple(topics))

    def _of_agent(self, agent: AiAgent) -> Iterator[Topic]:
        scope = "in scope" if agent.in_scope else "out of scope"
        answer = f"{agent.sanction}, {scope}, role {agent.role or 'not recorded'}"
        yield Topic("state", answer, self._first("agent", self._policy.agent, partial(_not_this_agent, agent)))
        rule = self._policy.agent_rule(agent.agent)
        if rule and rule.versions:
            lies = "unknown" if not agent.version else "outside" if outside(agent.version, rule.versions) else "inside"
            yield Topic("version", f"{agent.version or '-'}: {lies} ({rule.versions})")
        yield self._ceiling(agent, rule)
        hosts = [url(p.base_url or "").host for p in self._same(agent) if isinstance(p, ModelProvider)]
        yield self._egress(host for host in hosts if host)
        yield self._owner(agent)
        own = {r.id for r in self._same(agent) if r.kind not in ("mcp_server", "approval", "finding")}
        servers = {r.id for r in self._same(agent) if isinstance(r, Instance) and r.subject == "mcp_server"}
        yield from self._of_findings(f for f in self._findings if f.subject_id in own - servers)

    def _of_server(self, server: McpServer) -> Iterator[Topic]:
        rule = server_rule(server, self._policy)
        steps = self._first("server", self._policy.server, partial(_not_this_server, server, self._policy))
        yield Topic("state", rule.state if rule else "unknown: no rule matches", steps)
        host = host_of(server)
        yield self._egress([host] if host else [])
        yield self._owner(server)
        about = {server.id} | {r.id for r in self._records if getattr(r, "server_id", None) == server.id}
        about |= {r.id for r in self._records if isinstance(r, Instance) and server.id in r.server_ids}
        yield from self._of_findings(f for f in self._findings if f.subject_id in about)

    def _same(self, agent: AiAgent) -> Iterator[Record]:
        """Everything of this agent and owner."""
        return (r for r in self._records if getattr(r, "agent", None) == agent.agent and r.owner == agent.owner)

    def _ceiling(self, agent: AiAgent, rule: AgentRule | None) -> Topic:
        own = rule.max_mode if rule else None
        most = own or self._policy.permissions.max_mode
        if not self._policy.given:
            return Topic("permissions", "no ceiling: there is no policy")
        place = "the agent's rule" if own else "[permissions]"
        return Topic("permissions", f"{most} at most, by {place}", tuple(self._modes(agent, most)))

    def _modes(self, agent: AiAgent, most: str) -> Iterator[Step]:
        for posture in self._same(agent):
            if isinstance(posture, Posture) and posture.basis != "configured" and posture.approval_mode:
                where = f"{posture.basis} in {posture.project or 'every project'}"
                above = _MODES.index(posture.approval_mode) > _MODES.index(most)
                compared = "perhaps above" if posture.approval_mode == "unknown" else "above" if above else "within"
                why = f"{compared} the ceiling, set by {posture.set_by}"
                yield Step(f"{where}: {posture.approval_mode}", None, above, why)

    def _egress(self, hosts: Iterable[str]) -> Topic:
        allowed = self._policy.egress.allow
        if not allowed:
            return Topic("egress", "the policy says nothing about hosts")
        steps = []
        for host in sorted(set(hosts)):
            by = next((pattern for pattern in allowed if fnmatchcase(host, pattern)), None)
            steps.append(
                Step(host, self._line("egress", "allow"), by is not None, f"allowed by {by}" if by else "outside")
            )
        outside_ = sum(not step.applies for step in steps)
        return Topic(
            "egress", f"{outside_} of {len(steps)} hosts outside" if steps else "no host is known", tuple(steps)
        )

    def _owner(self, record: AiAgent | McpServer) -> Topic:
        answer = f"{record.accountable}, by {record.accountable_by}" if record.accountable else "nobody"
        account = next((r for r in self._records if isinstance(r, Owner) and r.owner == record.owner), None)
        mismatch = partial(_not_this_account, record.owner, account.groups if account else (), self._devices)
        return Topic("accountable", answer, self._first("owner", self._policy.owner, mismatch))

    def _of_findings(self, findings: Iterable[Finding]) -> Iterator[Topic]:
        records = {record.id: record for record in self._records}
        for finding in sorted(findings, key=lambda f: (f.rule, f.subject, f.id)):
            proofs = "; ".join(f"{p.what} {p.value or ''}".strip() for p in finding.evidence_for)
            answer = f"{finding.severity}, {finding.state} since {finding.opened_at:%Y-%m-%d}: {proofs}"
            subject = records.get(finding.subject_id)
            yield Topic(f"finding {finding.rule}", answer, tuple(self._exceptions(finding, subject)) if subject else ())

    def _exceptions(self, finding: Finding, subject: Record) -> Iterator[Step]:
        for number, one in enumerate(self._policy.exception):
            why = uncovered(one, finding.rule, subject, datetime.now(UTC).date())
            covers = f"covers it until {one.expires}: {one.reason} ({one.owner})"
            if why != "is for other rules":
                shown = f"{why} on {one.expires}" if why == "expired" else why or covers
                yield Step(f"exception {number + 1}", self._line("exception", str(number)), why is None, shown)

    def _first(self, table: str, rules: Sequence[Any], mismatch: Any) -> tuple[Step, ...]:
        """How each rule of a table answers, where the first that matches decides."""
        steps: list[Step] = []
        for number, rule in enumerate(rules):
            why = mismatch(rule)
            decides = why is None and not any(step.applies for step in steps)
            said = why or ("decides" if decides else "would match, but an earlier one decides")
            steps.append(Step(f"{table} {number + 1}", self._line(table, str(number)), decides, said))
        return tuple(steps)

    def _line(self, *location: str) -> int | None:
        return line_of(self._text, location)


def _not_this_agent(agent: AiAgent, rule: AgentRule) -> str | None:
    return None if fnmatchcase(agent.agent, rule.id) else f"is about {rule.id}"


def _not_this_account(
    account: str | None, groups: Sequence[str], devices: Sequence[str], rule: OwnerRule
) -> str | None:
    if rule.fits(account, groups, devices):
        return None
    given = {"account": rule.account, "group": rule.group, "device": rule.device}
    return "is about " + ", ".join(f"{name} {value}" for name, value in given.items() if value)


def _not_this_server(server: McpServer, policy: Policy, rule: ServerRule) -> str | None:
    if server_rule(server, policy.model_copy(update={"server": (rule,)})):
        return None
    has = {
        "package": package_name(server.package) if server.package else None,
        "host": host_of(server),
        "command": server.command,
        "launch_hash": server.launch_hash,
        "name": server.name,
    }
    wanted = [(name, getattr(rule, name)) for name in has if getattr(rule, name) is not None]
    for name, pattern in wanted:
        value = has[name]
        if value is None or not fnmatchcase(value, pattern):
            return f"is about {name} {pattern}, and this one has {value or 'none'}"
    if rule.versions:
        return f"is about versions {rule.versions}, and this one has {version_of(server) or 'none that is fixed'}"
    return "says too little to recognise it by"
