"""From facts to the inventory: joined and governed account by account, then judged."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import partial

from agent.correlation.correlate import correlate
from agent.correlation.merging import merged
from agent.correlation.running import run_by_others
from agent.governance.accountability import Accountability, attributed
from agent.governance.findings import Assessor
from agent.governance.inputs.admin_files import GivenFiles
from agent.governance.policy.in_force import InForce
from agent.governance.policy.model import Policy
from agent.governance.rules.custom import custom_rules
from agent.governance.rules.registry import RULES
from agent.governance.rules.rule import RuleContext
from agent.governance.supply_chain.trust import trusted
from agent.governance.tool_pins import pinned
from agent.network.name_cache import NameCache
from agent.network.sockets import network
from agent.records import AiAgent, McpServer, Record
from agent.runtime.memo import DerivationCache
from collectors.catalog.catalog import Catalog


class Derivation:
    """The one function that says what follows from the facts under one policy.

    What follows from the facts of one account, beside those of the machine, stays until one of them is another.
    """

    def __init__(
        self,
        catalog: Catalog,
        policy: InForce,
        live: bool,
        names: NameCache | None = None,
        given: GivenFiles | None = None,
        once: bool = False,
    ) -> None:
        """`once`: there will be no second time, so nothing is kept for it."""
        self._names = names
        self._catalog = catalog
        self._live = live
        self._given = given or GivenFiles()
        self._last: dict[str, Record] = {}
        self._keep = not once
        self._memo = DerivationCache(self._keep)
        self._accounts: dict[str | None, DerivationCache] = {None: DerivationCache()}
        self.adopt(policy)

    def adopt(self, policy: InForce) -> None:
        """Judge by this policy from now on."""
        self._policy = policy
        self._assessor = Assessor((*RULES, *custom_rules(policy.policy)), policy.policy)

    def __call__(self, facts: Iterable[Record], previous: Mapping[str, Record]) -> Mapping[str, Record]:
        if self._given.refresh():
            self.adopt(self._policy)
        records = self._of_accounts(list(facts))
        across = (*self._of_machine(records), *network(records.values(), self._names, self._memo))
        records.update((record.id, self._as_before(record)) for record in across)
        records.update([(tool.id, tool) for tool in pinned(records, previous, self._given.baseline)])
        self._memo.turn()
        self._last = records
        findings = self._assessor.assess(
            RuleContext(records, self._policy.policy, self._catalog, self._given.baseline), previous
        )
        return {**records, **findings}

    def _of_accounts(self, facts: list[Record]) -> dict[str, Record]:
        """Everything but what takes the facts of several accounts."""
        who = self._accountability(facts)
        accounts = _by_account(facts)
        machines = merged((r for r in accounts[None] if isinstance(r, McpServer)), self._catalog, DerivationCache())
        running = run_by_others(facts, machines)
        self._accounts = {owner: self._cache(owner) for owner in accounts}
        records: dict[str, Record] = {}
        for owner, own in accounts.items():
            elsewhere = running.get(owner, frozenset()) | running.get(None, frozenset())
            parts = (*own, who, self._policy, self._given.registered)
            derive = partial(self._of_account, owner, own, who, elsewhere)
            records.update(self._memo.get(("account", owner, elsewhere), parts, derive))
        return records

    def _cache(self, owner: str | None) -> DerivationCache:
        """Of the conclusions inside an account; those about the machine are the machine's own."""
        return self._accounts.get(owner) or DerivationCache(self._keep, self._accounts[None])

    def _of_account(
        self, owner: str | None, facts: list[Record], who: Accountability, elsewhere: frozenset[str]
    ) -> dict[str, Record]:
        memo, policy = self._accounts[owner], self._policy.policy
        joined = correlate(facts, self._catalog, self._live, memo, elsewhere)
        records = {id_: record for id_, record in joined.items() if record.owner == owner}
        agents = (record for record in records.values() if isinstance(record, AiAgent))
        records.update([(agent.id, _sanctioned(agent, policy)) for agent in agents])
        records.update([(server.id, server) for server in trusted(records, policy, self._given.registered, memo)])
        records.update([(record.id, record) for record in attributed(records, who, memo)])
        memo.turn()
        return {id_: self._as_before(record) for id_, record in records.items()}

    def _of_machine(self, records: Mapping[str, Record]) -> Iterator[Record]:
        """The policy in force, and what was given and cannot be used."""
        if endpoint := next(iter(records.values()), None):
            if record := self._policy.record(endpoint.endpoint_id):
                yield record
            yield from self._given.diagnostics(endpoint.endpoint_id)

    def _accountability(self, facts: Iterable[Record]) -> Accountability:
        people = tuple(fact for fact in facts if fact.kind in Accountability.KINDS)
        owner, assignment = self._policy.policy.owner, self._given.assignment
        return self._memo.get("who", (*people, owner, assignment), partial(Accountability, people, owner, assignment))

    def _as_before(self, record: Record) -> Record:
        """What is joined anew and says the same stays the same object: then its rules need not be asked again."""
        known = self._last.get(record.id)
        if known is None or known is record or record.NOT_FACTS != Record.NOT_FACTS:
            return record
        return known if known.same_facts(record) else record


def _by_account(facts: Collection[Record]) -> dict[str | None, list[Record]]:
    """The facts of each account, those of the machine among them; first those of the machine (None) alone."""
    owners = dict.fromkeys((None, *(fact.owner for fact in facts)))
    accounts: dict[str | None, list[Record]] = {owner: [] for owner in owners}
    for fact in facts:
        for account in accounts.values() if fact.owner is None else (accounts[fact.owner],):
            account.append(fact)
    return accounts


def _sanctioned(agent: AiAgent, policy: Policy) -> AiAgent:
    """With state, scope and role: those of its own rule, else those of all."""
    rule = policy.agent_rule(agent.agent)
    role = (rule.role if rule else None) or (policy.role if policy.given else None)
    in_scope = rule is None or rule.in_scope is not False
    return agent.changed(sanction=rule.state if rule else "unknown", in_scope=in_scope, role=role)
