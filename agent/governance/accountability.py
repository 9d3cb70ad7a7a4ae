"""The person who answers for each agent, server and instance, and how that is known.

In this order: the policy's mapping, the assignment file, who the client is signed in as, the account itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import NamedTuple

from agent.governance.policy.model import OwnerRule
from agent.records import AiAgent, Endpoint, Instance, McpServer, Owner, Record, SignIn
from agent.records.ai_agent import ClientKey
from agent.records.base import AccountableBy
from agent.runtime.memo import DerivationCache


class Answer(NamedTuple):
    """Who answers, in which team, and how that is known."""

    person: str
    by: AccountableBy
    team: str | None = None


class Accountability:
    """Answers for the accounts of one machine."""

    KINDS = ("endpoint", "owner", "sign_in")
    """Of the records it looks at."""

    def __init__(
        self, records: Iterable[Record], policy: Sequence[OwnerRule], assignment: Sequence[OwnerRule] = ()
    ) -> None:
        self._policy = policy
        self._assignment = assignment
        self._devices: tuple[str, ...] = ()
        self._accounts: dict[str, Owner] = {}
        self._uids: dict[int, str] = {}
        self._signed_in: dict[ClientKey, str] = {}
        self._known: dict[tuple[str | None, str | None], Answer | None] = {}
        for record in records:
            if isinstance(record, Endpoint):
                self._devices = tuple(filter(None, (record.hostname, record.endpoint_id)))
            elif isinstance(record, Owner) and record.owner:
                self._accounts.setdefault(record.owner, record)
                if record.uid is not None:
                    self._uids.setdefault(record.uid, record.owner)
            elif isinstance(record, SignIn):
                self._signed_in.setdefault((record.owner, record.agent), record.account)

    def of(self, account: str | None, agent: str | None = None) -> Answer | None:
        """Who answers for what an account (None: the machine) runs, with `agent`: as this client."""
        key = account, agent
        if key not in self._known:
            self._known[key] = self._find(account, agent)
        return self._known[key]

    def of_instance(self, instance: Instance) -> Answer | None:
        """Of what root runs: whoever logged in to become root."""
        login = self._uids.get(instance.login_uid) if instance.login_uid else None
        behind = self.of(login, instance.agent) if login and instance.euid == 0 else None
        return behind or self.of(instance.owner, instance.agent)

    def _find(self, account: str | None, agent: str | None) -> Answer | None:
        owner = self._accounts.get(account) if account else None
        groups = owner.groups if owner else ()
        given: tuple[tuple[Sequence[OwnerRule], AccountableBy], ...]
        given = (self._policy, "policy"), (self._assignment, "assignment")
        for rules, by in given:
            rule = next((rule for rule in rules if rule.fits(account, groups, self._devices)), None)
            if rule:
                return Answer(rule.person, by, rule.team)
        signed_in = self._signed_in.get((account, agent)) if agent else None
        if signed_in:
            return Answer(signed_in, "signed_in")
        person = owner and owner.account == "human" and (owner.full_name or owner.owner)
        return Answer(person, "account") if person else None


def attributed(records: Mapping[str, Record], who: Accountability, memo: DerivationCache) -> Iterator[Record]:
    """Agents, servers, instances and accounts, with who answers for them."""
    for record in records.values():
        if isinstance(record, Owner):
            answer = who.of(record.owner)
        elif isinstance(record, AiAgent | McpServer):
            answer = who.of(record.owner, record.agent)
        elif isinstance(record, Instance):
            answer = who.of_instance(record)
        else:
            continue
        told = (answer.person, answer.by, answer.team) if answer else (None, None, None)
        yield memo.get(("who", record.id, *told), (record,), partial(_with, record, *told))


def _with(
    record: Owner | AiAgent | McpServer | Instance, person: str | None, by: AccountableBy | None, team: str | None
) -> Record:
    if isinstance(record, Owner):
        return record.changed(accountable=person, accountable_by=by, team=team)
    return record.changed(accountable=person, accountable_by=by)
