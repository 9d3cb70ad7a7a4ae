"""From facts to the inventory: joined, judged, and compared with what was accepted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from agent.correlation.correlate import correlate
from agent.governance.accountability import Accountability, attributed
from agent.governance.baseline import Baseline
from agent.governance.findings import Assessor
from agent.governance.inputs.admin_files import GivenFiles
from agent.governance.policy.in_force import InForce
from agent.governance.policy.model import Policy
from agent.governance.rules.custom import custom_rules
from agent.governance.rules.registry import RULES
from agent.governance.rules.rule import RuleContext
from agent.governance.supply_chain.trust import trusted
from agent.network.name_cache import NameCache
from agent.records import AiAgent, Record
from agent.runtime.memo import DerivationCache
from collectors.catalog.catalog import Catalog


class Derivation:
    """The one function that says what follows from the facts under one policy."""

    def __init__(
        self,
        catalog: Catalog,
        policy: InForce,
        live: bool,
        baseline: Baseline | None = None,
        names: NameCache | None = None,
        given: GivenFiles | None = None,
        memo: DerivationCache | None = None,
    ) -> None:
        self._baseline = baseline
        self._names = names
        self._catalog = catalog
        self._live = live
        self._given = given or GivenFiles()
        self._last: dict[str, Record] = {}
        self._memo = memo or DerivationCache()
        self.adopt(policy)

    def adopt(self, policy: InForce) -> None:
        """Judge by this policy from now on."""
        self._policy = policy
        self._assessor = Assessor((*RULES, *custom_rules(policy.policy)), policy.policy)

    def __call__(self, facts: Iterable[Record], previous: Mapping[str, Record]) -> Mapping[str, Record]:
        records = correlate(facts, self._catalog, self._live, self._names, self._memo)
        records.update({record.id: record for record in _governed(records, self._policy)})
        self._given.refresh()
        answered = _answered(records, self._policy.policy, self._given, self._memo)
        records.update({record.id: record for record in answered})
        self._memo.turn()
        # What is joined anew and says the same stays the same object: then its rules need not be asked again.
        for id_, record in records.items():
            known = self._last.get(id_)
            if known is None or known is record or record.NOT_FACTS != Record.NOT_FACTS:
                continue
            if known.same_facts(record):
                records[id_] = known
        self._assessor.forget(self._last.keys() - records.keys())
        self._last = records
        findings = self._assessor.assess(
            RuleContext(records, self._policy.policy, self._catalog, self._baseline), previous
        )
        return {**records, **findings}


def _answered(
    records: Mapping[str, Record], policy: Policy, given: GivenFiles, memo: DerivationCache
) -> Iterator[Record]:
    """Servers with their trust posture, all with who answers for them, and what was given and cannot be used."""
    if endpoint := next(iter(records.values()), None):
        yield from given.diagnostics(endpoint.endpoint_id)
    servers = {server.id: server for server in trusted(records, policy, given.registered, memo)}
    who = Accountability(records.values(), policy.owner, given.assignment)
    yield from attributed({**records, **servers}, who, memo)


def _governed(records: Mapping[str, Record], in_force: InForce) -> Iterator[Record]:
    """The policy in force, and of each agent what it says."""
    endpoint = next(iter(records.values()), None)
    if endpoint and (record := in_force.record(endpoint.endpoint_id)):
        yield record
    for agent in (record for record in records.values() if isinstance(record, AiAgent)):
        yield _sanctioned(agent, in_force.policy)


def _sanctioned(agent: AiAgent, policy: Policy) -> AiAgent:
    """With state, scope and role: those of its own rule, else those of all."""
    rule = policy.agent_rule(agent.agent)
    role = (rule.role if rule else None) or (policy.role if policy.given else None)
    in_scope = rule is None or rule.in_scope is not False
    return agent.changed(sanction=rule.state if rule else "unknown", in_scope=in_scope, role=role)
